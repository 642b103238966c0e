use crate::chain::poco::{Deal, Task, TaskStatus, U256};

/// How far a task is, time included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// Nobody has begun with it.
    Unset,
    /// Workers compute it.
    Active,
    /// Workers agree on a result that they have yet to reveal.
    Revealing,
    /// The result is there.
    Completed,
    /// The money was taken back after it had timed out.
    Failed,
    /// Its time is over, and the money can be taken back.
    TimedOut,
}

/// A deal, and when all is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DealState {
    /// The deal.
    pub deal: Deal,
    /// Seconds since 1970 when all its tasks are completed or have timed out.
    pub final_time: U256,
}

impl DealState {
    /// A deal with its end.
    pub fn new(deal: Deal, final_time: U256) -> Self {
        Self { deal, final_time }
    }

    /// The state of one of its tasks, which may not be on the chain yet.
    pub fn task(&self, task: Option<&Task>, now: u64) -> TaskState {
        match task {
            Some(task) => TaskState::of(task, now),
            None if is_over(self.final_time, now) => TaskState::TimedOut,
            None => TaskState::Unset,
        }
    }
}

impl TaskState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Unset,
        Self::Active,
        Self::Revealing,
        Self::Completed,
        Self::Failed,
        Self::TimedOut,
    ];

    /// The state of a task at `now`, in seconds since 1970.
    pub fn of(task: &Task, now: u64) -> Self {
        let timed_out = is_over(task.final_deadline, now);
        match task.status {
            TaskStatus::Completed => Self::Completed,
            TaskStatus::Failed => Self::Failed,
            _ if timed_out => Self::TimedOut,
            TaskStatus::Revealing => Self::Revealing,
            TaskStatus::Active => Self::Active,
            TaskStatus::Unset => Self::Unset,
        }
    }

    /// The SDK's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Active => "ACTIVE",
            Self::Revealing => "REVEALING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMEOUT",
        }
    }

    /// Whether no result comes any more, unless one is there.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::TimedOut)
    }
}

/// Whether a time is not ahead any more.
pub fn is_over(time: U256, now: u64) -> bool {
    U256::from(now) >= time
}
