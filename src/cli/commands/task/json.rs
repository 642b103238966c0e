//! Tasks in the SDK's JSON: its names, its words, and numbers as decimal texts.

use serde_json::{Value, json};

use crate::chain::poco::{Id, Task, TaskStatus, U256};
use crate::task::{Cause, TaskState, is_over};
use crate::text::hex::hex;

/// A task as the SDK has it at `now`.
pub(in crate::cli::commands) fn task_json(task: &Task, now: u64) -> Value {
    let contributors: Vec<_> = task.contributors.iter().map(ToString::to_string).collect();
    let completed = task.status == TaskStatus::Completed;
    json!({
        "taskid": task.id.to_string(),
        "status": task.status.number(),
        "dealid": task.deal.to_string(),
        "idx": task.index.to_string(),
        "timeref": task.time_reference.to_string(),
        "contributionDeadline": task.contribution_deadline.to_string(),
        "revealDeadline": task.reveal_deadline.to_string(),
        "finalDeadline": task.final_deadline.to_string(),
        "consensusValue": task.consensus.to_string(),
        "revealCounter": task.revealed.to_string(),
        "winnerCounter": task.winners.to_string(),
        "contributors": contributors,
        "resultDigest": task.digest.to_string(),
        "results": task.results_json(),
        "resultsTimestamp": task.results_timestamp.to_string(),
        "resultsCallback": format!("0x{}", hex(&task.callback_data)),
        "statusName": TaskState::of(task, now).name(),
        "taskTimedOut": !completed && is_over(task.final_deadline, now),
    })
}

/// A task of a deal that nobody has begun with, as the SDK has it.
pub(in crate::cli::commands) fn not_begun(task: Id, deal: Id, final_time: U256, now: u64) -> Value {
    let timed_out = is_over(final_time, now);
    let state = match timed_out {
        true => TaskState::TimedOut,
        false => TaskState::Unset,
    };
    json!({
        "taskid": task.to_string(),
        "dealid": deal.to_string(),
        "status": TaskStatus::Unset.number(),
        "statusName": state.name(),
        "taskTimedOut": timed_out,
    })
}

/// What a scheduler told.
pub(super) fn causes_json(causes: &[Cause]) -> Value {
    let json = |cause: &Cause| {
        json!({
            "worker": cause.worker,
            "status": cause.status,
            "cause": cause.cause,
            "exitCode": cause.exit_code,
        })
    };
    causes.iter().map(json).collect()
}
