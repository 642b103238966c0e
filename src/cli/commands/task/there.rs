//! A task by its id, or what the id is of instead.

use crate::chain::poco::{Id, Task};
use crate::cli::node::Place;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// The task with this id.
pub(in crate::cli::commands) fn task_there(place: &Place, id: Id) -> Result<Task, Failure> {
    let found = place.hub.task(id).map_err(|it| place.failure(it))?;
    found.map_or_else(|| Err(not_there(place, id)), Ok)
}

/// The failure where there is no such task, which says what the id is of instead.
pub(super) fn not_there(place: &Place, id: Id) -> Failure {
    match other_than_task(place, id) {
        Err(failure) => failure,
        Ok(()) => Failure::new(
            Code::NotThereYet,
            format!("No task found for id {id} on chain {}", place.chain.label()),
        )
        .hint("If its deal exists, no worker has started it yet: the command deal show tells, and --watch waits. Otherwise check the id and the chain."),
    }
}

/// Refuses an id that is of something else.
pub(super) fn other_than_task(place: &Place, id: Id) -> Result<(), Failure> {
    let failed = |it| place.failure(it);
    if let Some(deal) = place.hub.deal(id).map_err(failed)? {
        let what = format!("{id} is a deal, not a task");
        let first = deal.task_ids().next();
        let first = first.map_or_else(String::new, |task| format!(" Its first task is {task}."));
        let list = CommandLine::ours("deal show").operand(id.to_string());
        return Err(
            Failure::new(Code::NotThereYet, what).hint(format!("`{list}` lists its tasks.{first}"))
        );
    }
    if place.hub.is_transaction(id).map_err(failed)? {
        let what = format!("{id} is a transaction, not a task");
        return Err(Failure::new(Code::NotThereYet, what).hint(
            "Give the id of the task, as printed by the command that sent the transaction.",
        ));
    }
    Ok(())
}
