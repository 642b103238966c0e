use alloy_primitives::U256;

use super::contracts::{DealView, PartView};
use super::ids::Id;
use crate::wallet::address::Address;

/// A deal as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deal {
    /// The id.
    pub id: Id,
    /// What is run.
    pub app: Part,
    /// What it is run on; of nobody where it needs none.
    pub dataset: Part,
    /// Who runs it.
    pub workerpool: Part,
    /// How much workers have to be trusted before their result counts.
    pub trust: U256,
    /// The category, which says how long it may take.
    pub category: U256,
    /// What is asked of the workers, bit by bit.
    pub tag: Id,
    /// Who asked for it.
    pub requester: Address,
    /// Whom the results are for.
    pub beneficiary: Address,
    /// The contract that results go to; of nobody where there is none.
    pub callback: Address,
    /// What the app is told, as JSON.
    pub params: String,
    /// Seconds since 1970 when it was made.
    pub start_time: U256,
    /// The number of the first task.
    pub first_task: U256,
    /// The number of tasks.
    pub tasks: U256,
    /// What each worker has at stake, in nRLC.
    pub worker_stake: U256,
    /// The scheduler's share of what workers get, in percent.
    pub scheduler_reward_ratio: U256,
    /// Who pays.
    pub sponsor: Address,
}

/// A side of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The address of the app, the dataset or the workerpool.
    pub address: Address,
    /// Who owns it.
    pub owner: Address,
    /// The price for each task, in nRLC.
    pub price: U256,
}

impl Deal {
    /// The deal of a view; none where there is no such deal.
    pub(super) fn of(id: Id, view: DealView) -> Option<Self> {
        if view.app.pointer.is_zero() {
            return None;
        }
        Some(Self {
            id,
            app: view.app.into(),
            dataset: view.dataset.into(),
            workerpool: view.workerpool.into(),
            trust: view.trust,
            category: view.category,
            tag: view.tag.into(),
            requester: view.requester.into_array().into(),
            beneficiary: view.beneficiary.into_array().into(),
            callback: view.callback.into_array().into(),
            params: view.params,
            start_time: view.startTime,
            first_task: view.botFirst,
            tasks: view.botSize,
            worker_stake: view.workerStake,
            scheduler_reward_ratio: view.schedulerRewardRatio,
            sponsor: view.sponsor.into_array().into(),
        })
    }

    /// The ids of its tasks, in their order.
    pub fn task_ids(&self) -> impl Iterator<Item = Id> + '_ {
        let one = U256::from(1);
        let end = self.first_task.saturating_add(self.tasks);
        let indices = std::iter::successors(Some(self.first_task), move |it| Some(*it + one));
        indices
            .take_while(move |index| *index < end)
            .map(|index| self.id.task(index))
    }

    /// Whether it has to be computed in an enclave.
    pub fn asks_for_enclave(&self) -> bool {
        self.tag.as_bytes()[31] & 1 == 1
    }

    /// Whether the results are to be encrypted for the beneficiary.
    pub fn asks_for_encryption(&self) -> bool {
        let params: Option<serde_json::Value> = serde_json::from_str(&self.params).ok();
        params.is_some_and(|params| params["iexec_result_encryption"] == true)
    }
}

impl From<PartView> for Part {
    fn from(view: PartView) -> Self {
        Self {
            address: view.pointer.into_array().into(),
            owner: view.owner.into_array().into(),
            price: view.price,
        }
    }
}
