//! What need not be asked again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::super::mutex::lock;

/// The time in which the same request of the same connection is not asked for again: a client repeats
/// one that failed, and learns nothing new by it.
const REPEATS: Duration = Duration::from_secs(60);

/// What a connection has got a yes for.
#[derive(Debug, Default)]
pub(in crate::agent::server) struct Allowed(Mutex<Option<([u8; 32], Instant)>>);

impl Allowed {
    pub(super) fn has(&self, request: &[u8; 32]) -> bool {
        lock(&self.0).is_some_and(|(known, at)| known == *request && at.elapsed() < REPEATS)
    }

    pub(super) fn set(&self, request: [u8; 32]) {
        *lock(&self.0) = Some((request, Instant::now()));
    }
}
