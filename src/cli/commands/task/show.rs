use clap::Args;
use serde_json::{Value, json};

use super::describe;
use super::download::{Download, Of};
use super::fetched::fetched;
use super::json::{causes_json, task_json};
use super::there::{not_there, other_than_task, task_there};
use super::told::Told;
use crate::chain::poco::{Hub, Id, Task};
use crate::chain::rpc::RpcError;
use crate::cli::context::Context;
use crate::cli::node::{NodeArgs, Place, WatchArgs, now, tell_of_node};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::task::{TaskState, Watched, watch_from};

#[derive(Debug, Args)]
#[command(
    mut_arg("verify", |it| it.hide_short_help(true)),
    after_help = "A result that is opened is verified against its task on the chain first, unless --no-verify is given. `iexec-hsm result verify --help` says what is checked, and what that does not prove.\n\nExamples:\n  iexec-hsm task show 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712\n  iexec-hsm task show 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712 --watch --watch-timeout 2h\n  iexec-hsm task show 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712 --watch --extract result/"
)]
pub(crate) struct Show {
    /// The task's id, as `app run` prints it
    #[arg(value_name = "TASKID", value_parser = str::parse::<Id>)]
    task: Id,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    download: Download,
    #[command(flatten)]
    node: NodeArgs,
}

pub(super) fn run(context: &Context, command: &Show) -> Result<Reply, Failure> {
    let wanted = command.download.wanted(context, Of::Task(command.task))?;
    let place = command.node.place_for_reading(context)?;
    let told = match command.watch.watch {
        true => awaited(context, command, &place)?,
        false => {
            let task = task_there(&place, command.task)?;
            Told::of(context, &place, task)?
        }
    };
    match wanted {
        Some(wanted) => {
            let shown = (raw(&told), describe::lines(context, &told));
            fetched(context, &place, &told, &wanted, shown)
        }
        None => Ok(reply(context, &told)),
    }
}

/// The task at its end, which is waited for and has to be a good one.
fn awaited(context: &Context, command: &Show, place: &Place) -> Result<Told, Failure> {
    let id = command.task;
    let mut last = None;
    let mut look = |hub: &Hub| -> Result<Option<Task>, RpcError> {
        let found = hub.task(id)?;
        let state = found.as_ref().map(|task| TaskState::of(task, now()));
        if last.replace(state) != Some(state) {
            context.tell(match state {
                Some(state) => format!("Task status {}", state.name()),
                None => format!("No task {id} is there yet, which is waited for"),
            });
        }
        Ok(found)
    };
    let first = look(&place.hub).map_err(|it| place.failure(it))?;
    if first.is_none() {
        // What is no task's id never becomes one.
        other_than_task(place, id)?;
    }
    let is_over = |found: &Option<Task>| {
        let state = found.as_ref().map(|task| TaskState::of(task, now()));
        state.is_some_and(TaskState::is_final)
    };
    let pace = command.watch.pace();
    let mut tell = tell_of_node(context);
    let waiting = context.waiting("the task", pace.at_most);
    let watched = watch_from(first, &place.hub, pace, look, is_over, &mut tell);
    drop(waiting);
    let given_up = match watched.map_err(|it| place.failure(it))? {
        Watched::Over(Some(task)) => return ended(context, Told::of(context, place, task)?),
        Watched::GivenUp(Some(task)) => task,
        _ => return Err(not_there(place, id)),
    };
    let told = Told::of(context, place, given_up)?;
    let what = format!("the task is still {}", told.state.name());
    Err(Failure::new(Code::NotThereYet, what)
        .hint("Wait longer with --watch-timeout, or without it for as long as it takes.")
        .with(raw(&told)))
}

/// The JSON of the SDK's program, and what the scheduler told.
fn raw(told: &Told) -> Value {
    let mut raw = json!({
        "task": task_json(&told.task, told.now),
        "claimable": told.state == TaskState::TimedOut,
    });
    if !told.causes.is_empty() {
        raw["causes"] = causes_json(&told.causes);
    }
    raw
}

fn reply(context: &Context, told: &Told) -> Reply {
    let lines = describe::lines(context, told).into_iter();
    lines.fold(Reply::new(raw(told)), Reply::text)
}

/// The end of a task that was waited for.
fn ended(context: &Context, told: Told) -> Result<Told, Failure> {
    if told.state == TaskState::Completed {
        return Ok(told);
    }
    for line in describe::lines(context, &told) {
        context.tell(line);
    }
    let what = match told.state {
        TaskState::Failed => "the task has failed: it timed out, and the money was taken back",
        _ => "the task has timed out",
    };
    Err(Failure::new(Code::TaskFailed, what)
        .hint(describe::way_out(&told))
        .with(raw(&told)))
}
