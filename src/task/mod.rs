//! Tasks and deals: how far they are, how they end, and why one has failed.

mod scheduler;
mod state;
mod watch;

pub use scheduler::{Cause, Scheduler, SchedulerError};
pub use state::{DealState, TaskState, is_over};
pub use watch::{Event, Pace, Watched, watch};
