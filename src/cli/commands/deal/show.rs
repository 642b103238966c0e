use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::json::deal_json;
use crate::chain::poco::{Hub, Id, Task};
use crate::chain::rpc::RpcError;
use crate::cli::commands::task::{not_begun, of_deal, row, seconds, task_json};
use crate::cli::context::Context;
use crate::cli::node::{NodeArgs, Place, WatchArgs, now, tell_of_node};
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::moments::when;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::task::{DealState, TaskState, Watched, watch};

/// Tasks of the largest deal that is shown.
const MOST_TASKS: u64 = 10_000;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm deal show 0x62f18e42f98f3e894ac89b4398a1511fdc1466e61a137738d7c6df607eee5796\n  iexec-hsm deal show 0x62f18e42f98f3e894ac89b4398a1511fdc1466e61a137738d7c6df607eee5796 --watch"
)]
pub(crate) struct Show {
    /// The deal's id, as `app run` prints it
    #[arg(value_name = "DEALID", value_parser = str::parse::<Id>)]
    deal: Id,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// The tasks of a deal that are on the chain.
type Tasks = BTreeMap<usize, Task>;

pub(super) fn run(context: &Context, command: &Show) -> Result<Reply, Failure> {
    let place = command.node.place_for_reading(context)?;
    let failed = |error| place.failure(error);
    let Some(deal) = place.hub.deal(command.deal).map_err(failed)? else {
        return Err(not_there(&place, command.deal));
    };
    if deal.tasks.saturating_to::<u64>() > MOST_TASKS {
        let what = format!("the deal has {} tasks", deal.tasks);
        return Err(Failure::new(Code::TooLarge, what).hint(format!(
            "At most {MOST_TASKS} are shown; the command task show shows any of them."
        )));
    }
    let final_time = place.hub.final_time(&deal).map_err(failed)?;
    let state = DealState::new(deal, final_time);
    let ids: Vec<Id> = state.deal.task_ids().collect();
    if !command.watch.watch {
        return shown(context, &place, &state, &ids);
    }
    let mut tasks = Tasks::new();
    let look = |hub: &Hub| -> Result<Tasks, RpcError> {
        look_at(hub, &ids, &mut tasks)?;
        Ok(tasks.clone())
    };
    let is_over = |tasks: &Tasks| states(&state, tasks, &ids, now()).all(TaskState::is_final);
    let pace = command.watch.pace();
    let waiting = context.waiting("the tasks", pace.at_most);
    let watched = watch(&place.hub, pace, look, is_over, &mut tell_of_node(context));
    drop(waiting);
    match watched.map_err(failed)? {
        Watched::Over(tasks) => ended(context, &state, &ids, &tasks),
        Watched::GivenUp(tasks) => {
            let open = states(&state, &tasks, &ids, now()).filter(|it| !it.is_final());
            let what = format!("{} of {} tasks have not ended", open.count(), ids.len());
            Err(Failure::new(Code::NotThereYet, what)
                .hint("Wait longer with --watch-timeout, or without it for as long as it takes.")
                .with(watched_json(&state, &ids, &tasks)))
        }
    }
}

/// A deal as it is now.
fn shown(
    context: &Context,
    place: &Place,
    state: &DealState,
    ids: &[Id],
) -> Result<Reply, Failure> {
    let reply = Reply::new(json!({ "deal": deal_json(state, now()) }));
    if context.global.raw {
        return Ok(reply);
    }
    let mut tasks = Tasks::new();
    look_at(&place.hub, ids, &mut tasks).map_err(|it| place.failure(it))?;
    Ok(lines(context, state, ids, &tasks)
        .into_iter()
        .fold(reply, Reply::text))
}

/// Asks for each task that has not ended yet.
fn look_at(hub: &Hub, ids: &[Id], tasks: &mut Tasks) -> Result<(), RpcError> {
    for (at, id) in ids.iter().enumerate() {
        let known = tasks.get(&at);
        if known.is_some_and(|task| TaskState::of(task, now()).is_final()) {
            continue;
        }
        if let Some(task) = hub.task(*id)? {
            tasks.insert(at, task);
        }
    }
    Ok(())
}

fn states<'a>(
    state: &'a DealState,
    tasks: &'a Tasks,
    ids: &'a [Id],
    now: u64,
) -> impl Iterator<Item = TaskState> + 'a {
    (0..ids.len()).map(move |at| state.task(tasks.get(&at), now))
}

/// The end of all tasks of a deal.
fn ended(
    context: &Context,
    state: &DealState,
    ids: &[Id],
    tasks: &Tasks,
) -> Result<Reply, Failure> {
    let json = watched_json(state, ids, tasks);
    let lines = lines(context, state, ids, tasks).into_iter();
    let failed = states(state, tasks, ids, now()).filter(|it| *it != TaskState::Completed);
    match failed.count() {
        0 => Ok(lines.fold(Reply::new(json), Reply::text)),
        failed => {
            lines.for_each(|line| context.tell(line));
            let what = format!("{failed} of {} tasks have failed or timed out", ids.len());
            Err(Failure::new(Code::TaskFailed, what)
                .hint(format!("The command task show says more about each. The requester can claim the money back: `{}`.", CommandLine::ours("deal claim").operand(state.deal.id.to_string())))
                .with(json))
        }
    }
}

/// The JSON of the SDK's program with `--watch`.
fn watched_json(state: &DealState, ids: &[Id], tasks: &Tasks) -> Value {
    let now = now();
    let one = |(at, id): (usize, &Id)| {
        let mut json = match tasks.get(&at) {
            Some(task) => task_json(task, now),
            None => not_begun(*id, state.deal.id, state.final_time, now),
        };
        if json.get("idx").is_none() {
            json["idx"] = at.to_string().into();
        }
        json
    };
    let all: Vec<Value> = ids.iter().enumerate().map(one).collect();
    let timed_out = |task: &&Value| task["taskTimedOut"] == true;
    let failed: Vec<Value> = all.iter().filter(timed_out).cloned().collect();
    let completed = all.iter().filter(|task| task["status"] == 3).count();
    json!({
        "tasksCount": all.len(),
        "completedTasksCount": completed,
        "failedTasksCount": failed.len(),
        "deal": deal_json(state, now),
        "tasks": all,
        "failedTasks": failed,
    })
}

/// The lines about a deal.
fn lines(context: &Context, state: &DealState, ids: &[Id], tasks: &Tasks) -> Vec<String> {
    let (deal, now) = (&state.deal, now());
    let mut lines = vec![row("deal", deal.id)];
    lines.extend(of_deal(context, deal));
    lines.push(row("begun", when(seconds(deal.start_time), now)));
    lines.push(row("times out", when(seconds(state.final_time), now)));
    for (at, id) in ids.iter().enumerate() {
        let state = state.task(tasks.get(&at), now);
        lines.push(row(
            &format!("task {at}"),
            format_args!("{id} {}", state.name()),
        ));
    }
    lines
}

/// The failure where there is no such deal, which says what the id is of instead.
pub(super) fn not_there(place: &Place, id: Id) -> Failure {
    match place.hub.task(id) {
        Err(error) => return place.failure(error),
        Ok(Some(task)) => {
            let what = format!("{id} is a task, not a deal");
            return Failure::new(Code::NotThereYet, what)
                .hint(format!("It belongs to the deal {}.", task.deal));
        }
        Ok(None) => {}
    }
    match place.hub.is_transaction(id) {
        Err(error) => place.failure(error),
        Ok(true) => {
            let what = format!("{id} is a transaction, not a deal");
            Failure::new(Code::NotThereYet, what).hint(
                "Give the id of the deal, as printed by the command that sent the transaction.",
            )
        }
        Ok(false) => {
            let what = format!("No deal found for id {id} on chain {}", place.chain.label());
            Failure::new(Code::NotThereYet, what).hint("Check the id and the chain.")
        }
    }
}
