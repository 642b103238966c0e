use crate::chain::poco::{Deal, Task};
use crate::cli::context::Context;
use crate::cli::node::{Place, now};
use crate::cli::ui::failure::Failure;
use crate::task::{Cause, TaskState};

/// What is told of a task.
pub(in crate::cli::commands) struct Told {
    pub(in crate::cli::commands) task: Task,
    pub(in crate::cli::commands) state: TaskState,
    /// For people alone: the SDK's JSON has nothing of it.
    pub(in crate::cli::commands) deal: Option<Deal>,
    pub(in crate::cli::commands) causes: Vec<Cause>,
    /// When it was looked at, in seconds since 1970.
    pub(in crate::cli::commands) now: u64,
}

impl Told {
    /// Finds what there is to tell of a task.
    pub(in crate::cli::commands) fn of(
        context: &Context,
        place: &Place,
        task: Task,
    ) -> Result<Self, Failure> {
        let now = now();
        let state = TaskState::of(&task, now);
        let deal = match context.global.raw {
            true => None,
            false => place.hub.deal(task.deal).map_err(|it| place.failure(it))?,
        };
        let causes = match state {
            TaskState::Failed | TaskState::TimedOut => place.causes(context, &task),
            _ => Vec::new(),
        };
        Ok(Self {
            task,
            state,
            deal,
            causes,
            now,
        })
    }
}
