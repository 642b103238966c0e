//! Deals in the SDK's JSON: its names, and numbers as decimal texts.

use serde_json::{Value, json};

use crate::chain::poco::Part;
use crate::task::{DealState, is_over};

/// A deal as the SDK has it at `now`.
pub(super) fn deal_json(state: &DealState, now: u64) -> Value {
    let deal = &state.deal;
    let tasks: Vec<_> = deal.task_ids().map(|it| it.to_string()).collect();
    json!({
        "dealid": deal.id.to_string(),
        "app": part(&deal.app),
        "dataset": part(&deal.dataset),
        "workerpool": part(&deal.workerpool),
        "trust": deal.trust.to_string(),
        "category": deal.category.to_string(),
        "tag": deal.tag.to_string(),
        "requester": deal.requester.to_string(),
        "beneficiary": deal.beneficiary.to_string(),
        "callback": deal.callback.to_string(),
        "params": deal.params,
        "startTime": deal.start_time.to_string(),
        "botFirst": deal.first_task.to_string(),
        "botSize": deal.tasks.to_string(),
        "workerStake": deal.worker_stake.to_string(),
        "schedulerRewardRatio": deal.scheduler_reward_ratio.to_string(),
        "sponsor": deal.sponsor.to_string(),
        "finalTime": state.final_time.to_string(),
        "deadlineReached": is_over(state.final_time, now),
        "tasks": tasks,
    })
}

fn part(part: &Part) -> Value {
    json!({
        "pointer": part.address.to_string(),
        "owner": part.owner.to_string(),
        "price": part.price.to_string(),
    })
}
