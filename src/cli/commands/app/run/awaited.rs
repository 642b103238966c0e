//! The end of a run: its task is waited for, and its result fetched.

use serde_json::{Value, json};

use super::args::Run;
use crate::chain::poco::{Hub, Id, Task, U256};
use crate::chain::rpc::RpcError;
use crate::cli::commands::task::{
    Told, Wanted, cause, fetched, not_begun, row, seconds, task_json,
};
use crate::cli::context::Context;
use crate::cli::node::{Place, now, tell_of_node};
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::moments::when;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::task::{DealState, Pace, TaskState, Watched, watch};

/// The time that a node may take to know a deal which another one knows.
const LAG: Pace = Pace::new(
    std::time::Duration::from_millis(500),
    Some(std::time::Duration::from_secs(60)),
);

/// What goes on with a deal.
const GO_ON: &str = "`iexec-hsm app run --resume --watch` goes on.";

/// The task as it was seen; none where no worker has started it.
struct Look {
    task: Option<Task>,
    state: TaskState,
    /// When that was, in seconds since 1970.
    time: u64,
}

/// A deal that was made.
pub(super) struct Made<'a> {
    pub(super) context: &'a Context,
    pub(super) command: &'a Run,
    pub(super) place: &'a Place,
    pub(super) deal: Id,
    /// The transaction.
    pub(super) hash: Option<Id>,
}

impl Made<'_> {
    /// The JSON of the SDK's program.
    pub(super) fn json(&self) -> Value {
        json!({"deals": [{
            "dealid": self.deal.to_string(),
            "volume": "1",
            "txHash": self.hash.map(|it| it.to_string()),
        }]})
    }

    /// The task; a run has one.
    pub(super) fn task(&self) -> Id {
        self.deal.task(U256::ZERO)
    }

    /// Goes on as far as the options say.
    pub(super) fn go_on(&self, wanted: Option<Wanted>) -> Result<Reply, Failure> {
        let reply = Reply::new(self.json());
        if wanted.is_none() && !self.command.watch.watch {
            return Ok(reply
                .note(format!("Deal submitted with dealid {}", self.deal))
                .note(format!("Its task is {}", self.task())));
        }
        self.context
            .tell(format_args!("Deal submitted with dealid {}", self.deal));
        self.context
            .tell(format_args!("Its task is {}", self.task()));
        let state = self.state()?;
        let task = self.awaited(&state)?;
        let told = Told::of(self.context, self.place, task)?;
        let id = self.task();
        let tasks = json!({ "tasks": [task_json(&told.task, told.now)] });
        self.context.tell("App run successful:");
        let line = format!("- Task idx 0 ({id}) status {}", told.state.name());
        let Some(wanted) = wanted else {
            return Ok(reply.with(tasks).text(line));
        };
        let wanted = self.command.download.of_task(wanted, self.task())?;
        let mut json = self.json();
        json["tasks"] = tasks["tasks"].clone();
        fetched(self.context, self.place, &told, &wanted, (json, vec![line]))
    }

    /// The deal with its end, once the node knows it.
    fn state(&self) -> Result<DealState, Failure> {
        let failed = |error| self.place.failure(error);
        let look = |hub: &Hub| hub.deal(self.deal);
        let mut tell = tell_of_node(self.context);
        let waiting = self
            .context
            .waiting("the node to know the deal", LAG.at_most);
        let found = watch(&self.place.hub, LAG, look, Option::is_some, &mut tell);
        drop(waiting);
        let (Watched::Over(deal) | Watched::GivenUp(deal)) = found.map_err(failed)?;
        let Some(deal) = deal else {
            let what = format!("the node does not know the deal {} yet", self.deal);
            return Err(Failure::new(Code::NotThereYet, what)
                .hint(GO_ON)
                .with(self.json()));
        };
        let final_time = self.place.hub.final_time(&deal).map_err(failed)?;
        Ok(DealState::new(deal, final_time))
    }

    /// The task at its end, which has to be a good one.
    fn awaited(&self, deal: &DealState) -> Result<Task, Failure> {
        self.context.tell("Watching execution...");
        let mut last = None;
        let look = |hub: &Hub| -> Result<Look, RpcError> {
            let look = self.look(deal, hub)?;
            if last.replace(look.state) != Some(look.state) {
                self.context.tell(self.line(&look));
            }
            Ok(look)
        };
        let is_over = |look: &Look| look.state.is_final();
        let pace = self.command.watch.pace();
        let mut tell = tell_of_node(self.context);
        let waiting = self.context.waiting("the task", pace.at_most);
        let watched = watch(&self.place.hub, pace, look, is_over, &mut tell);
        drop(waiting);
        let watched = watched.map_err(|it| self.place.failure(it).with(self.json()))?;
        let (what, code, look) = match watched {
            Watched::Over(look) => {
                if let (TaskState::Completed, Some(task)) = (look.state, &look.task) {
                    return Ok(task.clone());
                }
                let what = "App run failed: the task has the status";
                (what, Code::TaskFailed, look)
            }
            Watched::GivenUp(look) => ("the task is still", Code::NotThereYet, look),
        };
        let failure = Failure::new(code, format!("{what} {}", look.state.name()))
            .hint(self.way_on(deal, &look))
            .with(self.json())
            .with(json!({ "tasks": [self.task_json(deal, &look)] }));
        if code == Code::NotThereYet {
            return Err(failure);
        }
        let task = look.task.as_ref();
        let causes = task.map(|task| self.place.causes(self.context, task));
        for it in causes.unwrap_or_default() {
            self.context.tell(row("cause", cause(&it)));
        }
        let failed = json!({ "failedTasks": [self.task_json(deal, &look)] });
        Err(failure.with(failed))
    }

    /// Looks for the task. Whether its time is over is for the chain to say, which may have another clock.
    fn look(&self, deal: &DealState, hub: &Hub) -> Result<Look, RpcError> {
        let task = hub.task(self.task())?;
        let mut time = now();
        let mut state = deal.task(task.as_ref(), time);
        if state == TaskState::TimedOut {
            time = hub.block_time()?;
            state = deal.task(task.as_ref(), time);
        }
        Ok(Look { task, state, time })
    }

    fn task_json(&self, deal: &DealState, look: &Look) -> Value {
        let mut json = match &look.task {
            Some(task) => task_json(task, look.time),
            None => not_begun(self.task(), self.deal, deal.final_time, look.time),
        };
        if json.get("idx").is_none() {
            json["idx"] = "0".into();
        }
        json
    }

    /// What can be done now, and how the money comes back.
    fn way_on(&self, deal: &DealState, look: &Look) -> String {
        let claim = match &look.task {
            Some(task) => CommandLine::ours("task claim").operand(task.id.to_string()),
            None => CommandLine::ours("deal claim").operand(self.deal.to_string()),
        };
        let deadline = look.task.as_ref().map(|task| task.final_deadline);
        let deadline = deadline.unwrap_or(deal.final_time);
        match look.state {
            TaskState::Failed => "It timed out, and the money was given back.".to_owned(),
            TaskState::TimedOut => format!("`{claim}` gives the money back."),
            _ => format!(
                "{GO_ON} If it times out, on {}, `{claim}` gives the money back.",
                when(seconds(deadline), look.time)
            ),
        }
    }

    fn line(&self, look: &Look) -> String {
        let state = look.state.name();
        format!("- Task idx 0 ({}) status {state}", self.task())
    }
}
