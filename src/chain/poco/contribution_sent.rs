use thiserror::Error;

use super::ids::Id;
use super::task::Task;
use crate::wallet::address::Address;

/// The call by which a worker contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContributionSent {
    /// Who sent it.
    pub sender: Address,
    /// Its data.
    pub input: Vec<u8>,
    /// The transaction.
    pub transaction: Id,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: Id,
}

/// Why the call by which a worker contributed is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotFound {
    /// The node is pruned, or has nothing of that time yet.
    #[error("the node does not have the blocks from the time of the worker's contribution")]
    NoBlocks,
    /// It searches no events, and in the blocks is nothing either.
    #[error("the node does not find the worker's contribution among its events")]
    NoEvent,
    /// It has the event, and not the transaction.
    #[error("the node does not have the transaction of the worker's contribution")]
    NoTransaction,
    /// Another contract stands between.
    #[error("the worker contributed through another contract")]
    OtherContract,
    /// Two of its answers do not fit together.
    #[error("the node's answers about the worker's contribution do not fit together: {0}")]
    Contradiction(&'static str),
}

/// How the search for one worker's call ended.
pub type Search = Result<ContributionSent, NotFound>;

/// Seconds since 1970 when the workers agreed: when the last of them contributed.
pub(super) fn consensus_time(task: &Task) -> Option<u64> {
    let two = task.time_reference.checked_add(task.time_reference)?;
    let time = task.reveal_deadline.checked_sub(two)?;
    u64::try_from(time).ok()
}
