//! Tasks and deals: how far they are, whose they are, how they end, and why one has failed.

mod evidence;
mod of_beneficiary;
mod result;
mod scheduler;
mod state;

pub use crate::chain::watch::{Event, Pace, Watched, watch, watch_from};
pub use evidence::{
    ChainEvidence, chain_evidence, chain_evidence_in_part, chain_evidence_of_each, cid_evidence,
    named_cid,
};
pub use of_beneficiary::{FoundTask, MOST_TASKS, deals_for, tasks_of};
pub use result::{NoResult, result_location};
pub use scheduler::{Cause, Scheduler, SchedulerError};
pub use state::{DealState, TaskState, is_over};
