use tokio::time::Instant;

use super::error::GatewayError;
use super::filling::Filling;
use super::gateway::Gateway;
use super::location::Location;
use super::types::{CidCheck, Fetched};

/// A file that is being downloaded.
pub(super) struct Job<'a> {
    pub(super) location: &'a Location,
    pub(super) filling: Filling<'a>,
    pub(super) deadline: Instant,
    pub(super) max_size: u64,
}

impl Job<'_> {
    pub(super) fn done(&self, gateway: &Gateway, check: CidCheck) -> Fetched {
        Fetched {
            bytes: self.filling.at(),
            check,
            gateway: gateway.origin(),
        }
    }

    /// Refuses a file of more than `bytes`.
    pub(super) fn check_size(&self, gateway: &Gateway, bytes: u64) -> Result<(), GatewayError> {
        if bytes <= self.max_size {
            return Ok(());
        }
        Err(GatewayError::TooLarge {
            origin: gateway.origin(),
            limit: self.max_size,
        })
    }
}
