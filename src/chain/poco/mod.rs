//! iExec's contracts on a chain (PoCo): what the hub says of tasks and deals.

mod account;
mod authenticity;
mod block;
mod block_search;
mod call;
mod contracts;
mod contribution;
mod contribution_call;
mod contribution_held;
mod contribution_place;
mod contribution_search;
mod contribution_sent;
mod contributions_sent;
mod contributions_together;
mod deal;
mod domain;
mod hub;
mod ids;
mod made;
mod needs;
mod task;

pub use account::Account;
pub use authenticity::Registry;
pub use block::Block;
pub use call::Call;
pub use contribution::{Contribution, ContributionStatus};
pub use contribution_call::{ContributionCall, Said};
pub use contribution_sent::{ContributionSent, NotFound, Search};
pub use deal::{Deal, Part};
pub use domain::Domain;
pub use hub::Hub;
pub use ids::{Id, IdError};
pub use made::MadeDeal;
pub use needs::AppEnclave;
pub use task::{Task, TaskResults, TaskStatus};

/// The task in what the hub answers.
#[cfg(fuzzing)]
pub(crate) fn task_of(answer: &[u8]) -> Option<Task> {
    use alloy_sol_types::SolCall as _;
    let view = contracts::viewTaskCall::abi_decode_returns(answer).ok()?;
    Task::of(Id::ZERO, view).ok().flatten()
}

/// A whole number of the chain, shown in decimal digits.
pub use alloy_primitives::U256;
