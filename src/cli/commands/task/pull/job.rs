use std::sync::Arc;

use crate::chain::poco::{Id, Task};
use crate::ipfs::Location;
use crate::task::{ChainEvidence, DealState};

/// A result that is to be pulled.
pub(super) struct Job {
    pub(super) id: Id,
    pub(super) task: Task,
    pub(super) deal: Arc<DealState>,
    pub(super) location: Location,
    /// What verifies it, where that is known before it comes.
    pub(super) evidence: Option<ChainEvidence>,
}
