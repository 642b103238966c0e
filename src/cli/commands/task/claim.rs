use clap::Args;
use serde_json::json;

use super::there::task_there;
use crate::chain::poco::{Id, TaskStatus};
use crate::cli::claims::{too_early, warn_of_clock};
use crate::cli::context::Context;
use crate::cli::sending::{SendArgs, Sender};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::task::{TaskState, is_over};

#[derive(Debug, Args)]
#[command(
    after_help = "Anybody can claim: the money goes back to the requester and the workers.\n\nExample:\n  iexec-hsm task claim 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712"
)]
pub(crate) struct Claim {
    /// The id of a task that has timed out
    #[arg(value_name = "TASKID", value_parser = str::parse::<Id>)]
    task: Id,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(context: &Context, command: &Claim) -> Result<Reply, Failure> {
    let sender = Sender::new(context, &command.send)?;
    let place = &sender.place;
    let task = task_there(place, command.task)?;
    // The contract goes by the time of its blocks.
    let time = place.hub.block_time().map_err(|it| place.failure(it))?;
    warn_of_clock(context, task.final_deadline, time);
    if matches!(task.status, TaskStatus::Completed | TaskStatus::Failed) {
        let state = TaskState::of(&task, time).name();
        let what = format!("Cannot claim a task having status {state}");
        return Err(Failure::new(Code::ChainRefused, what).hint("Nothing was sent."));
    }
    if !is_over(task.final_deadline, time) {
        return Err(too_early("task", task.final_deadline, time));
    }
    let call = place.hub.claim(task.id);
    let mut hash = None;
    context.tell("Claiming task...");
    sender.send("task claim", vec![call], |receipt| {
        hash = Some(receipt.hash)
    })?;
    let json = json!({ "txHash": hash.map(|it| it.to_string()) });
    Ok(Reply::new(json).note("Task successfully claimed"))
}
