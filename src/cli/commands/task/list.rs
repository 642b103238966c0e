use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::json::{not_begun, task_json};
use super::of_us::OfUs;
use super::pull::{DEFAULT_FOLDER, Known, has_result, read_record};
use super::seconds;
use crate::chain::poco::Id;
use crate::cli::context::Context;
use crate::cli::node::now;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::task::{FoundTask, TaskState, tasks_of};
use crate::text::escape::Shown as _;

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
    /// The results folder of `task pull`, which records what was pulled
    #[arg(long, value_name = "FOLDER", default_value = DEFAULT_FOLDER)]
    output_dir: PathBuf,
}

/// Tasks that were pulled into a folder.
struct Pulled {
    folder: PathBuf,
    known: HashMap<Id, Known>,
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
    let pulled = Pulled::into(context, &command.output_dir);
    let json = tasks.iter().map(|it| json_of(it, &pulled, now));
    let json: Vec<Value> = json.collect();
    let reply = Reply::new(json!({
        "beneficiary": search.beneficiary.to_string(),
        "count": tasks.len(),
        "tasks": json,
    }));
    if tasks.is_empty() {
        let what = format!("No task for {} was found", search.beneficiary);
        return Ok(reply.note(what));
    }
    let lines = tasks.iter().flat_map(|it| lines_of(it, &pulled, now));
    Ok(lines.fold(reply, Reply::text))
}

impl Pulled {
    /// What was pulled into a folder, as far as that can be told.
    fn into(context: &Context, folder: &Path) -> Self {
        let folder = context.absolute(folder);
        let known = read_record(&folder).unwrap_or_else(|error| {
            context.warn(format_args!(
                "the record of {} cannot be read: {error}",
                folder.shown()
            ));
            HashMap::new()
        });
        Self { folder, known }
    }

    /// A word on a task; none where it was not pulled.
    fn word(&self, task: Id) -> Option<&'static str> {
        match (self.known.get(&task), has_result(&self.folder, task)) {
            (_, true) | (Some(Known::Pulled { entries: 0 }), _) => Some("pulled"),
            (Some(Known::Pulled { .. }), false) => Some("gone"),
            (Some(Known::Failed(_)), false) => Some("failed"),
            (Some(Known::Placed { .. }) | None, false) => None,
        }
    }
}

/// The SDK's fields of a task, and those of its deal that tell whose it is.
fn json_of(found: &FoundTask, pulled: &Pulled, now: u64) -> Value {
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
    json["pulled"] = pulled.word(found.id).into();
    json
}

/// Two lines, so that the id can be copied from 80 columns.
fn lines_of(found: &FoundTask, pulled: &Pulled, now: u64) -> [String; 2] {
    let deal = &found.deal.deal;
    let pulled = pulled.word(found.id).unwrap_or_default();
    let (begun, app) = (seconds(deal.start_time), deal.app.address);
    [
        format!("{} {}", found.id, found.state(now).name()),
        format!("  {begun}  {app}  {pulled}").trim_end().to_owned(),
    ]
}
