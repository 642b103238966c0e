use clap::Args;
use serde_json::{Value, json};

use super::json::{not_begun, task_json};
use super::of_us::OfUs;
use super::seconds;
use crate::cli::context::Context;
use crate::cli::node::now;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::task::{FoundTask, TaskState, tasks_of};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm task list\n  iexec-hsm task list --state completed --requester 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\n  iexec-hsm task list --from-block 291000000"
)]
pub(crate) struct List {
    #[command(flatten)]
    of_us: OfUs,
    /// Only tasks of this state; may be repeated
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Vec<TaskState>,
}

fn parse_state(text: &str) -> Result<TaskState, String> {
    let named = |it: &&TaskState| it.name().eq_ignore_ascii_case(text);
    let found = TaskState::ALL.iter().find(named);
    found.copied().ok_or_else(|| {
        let names = TaskState::ALL.map(|it| it.name().to_ascii_lowercase());
        format!("the states are {}", names.join(", "))
    })
}

pub(super) fn run(context: &Context, command: &List) -> Result<Reply, Failure> {
    let mut search = command.of_us.search(context)?;
    let deals = search.deals()?;
    let tasks = tasks_of(&search.place.hub, &deals, |_| true);
    let mut tasks = tasks.map_err(|it| search.place.failure(it))?;
    let now = now();
    let states = &command.state;
    tasks.retain(|it| states.is_empty() || states.contains(&it.state(now)));
    let json: Vec<Value> = tasks.iter().map(|it| json_of(it, now)).collect();
    let reply = Reply::new(json!({
        "beneficiary": search.beneficiary.to_string(),
        "count": tasks.len(),
        "tasks": json,
    }));
    if tasks.is_empty() {
        let what = format!("No task for {} was found", search.beneficiary);
        return Ok(reply.note(what));
    }
    let lines = tasks.iter().flat_map(|it| lines_of(it, now));
    Ok(lines.fold(reply, Reply::text))
}

/// The SDK's fields of a task, and those of its deal that tell whose it is.
fn json_of(found: &FoundTask, now: u64) -> Value {
    let deal = &found.deal.deal;
    let mut json = match &found.task {
        Some(task) => task_json(task, now),
        None => not_begun(found.id, deal.id, found.deal.final_time, now),
    };
    json["idx"] = found.index.to_string().into();
    json["app"] = deal.app.address.to_string().into();
    json["workerpool"] = deal.workerpool.address.to_string().into();
    json["requester"] = deal.requester.to_string().into();
    json["startTime"] = deal.start_time.to_string().into();
    json
}

/// Two lines, so that the id can be copied from 80 columns.
fn lines_of(found: &FoundTask, now: u64) -> [String; 2] {
    let deal = &found.deal.deal;
    [
        format!("{} {}", found.id, found.state(now).name()),
        format!("  {}  app {}", seconds(deal.start_time), deal.app.address),
    ]
}
