//! A process that keeps the PIN, in locked memory, and does nothing else: it loads no module that could crash it, and so has
//! the PIN when every other worker is gone.

use std::sync::Mutex;
use std::time::Duration;

use zeroize::Zeroizing;

use super::child::Child;
use super::program::Workers;
use super::protocol::Request;
use crate::agent::server::mutex::lock;
use crate::agent::wire::Secret;
use crate::token::Pin;

/// Time for an answer, which no module can hold up.
const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// The PIN that is kept, if any.
#[derive(Default)]
pub(in crate::agent::server) struct Keeper(Mutex<Option<Child>>);

impl Keeper {
    /// Keeps a copy of `pin` in place of what was kept; returns whether it could be done.
    pub(in crate::agent::server) fn keep(&self, workers: &Workers, pin: &Pin) -> bool {
        let mut keeper = lock(&self.0);
        let running = keeper.take().or_else(|| workers.start().ok());
        *keeper = running.and_then(|mut child| {
            let secret = Secret::new(Zeroizing::new(pin.bytes().to_vec()));
            let kept: Result<bool, _> = child.ask(&Request::Keep(secret), LIMIT);
            kept.is_ok_and(|kept| kept).then_some(child)
        });
        keeper.is_some()
    }

    /// A copy, for one use.
    pub(in crate::agent::server) fn pin(&self) -> Option<Pin> {
        let mut keeper = lock(&self.0);
        let kept: Option<Secret> = keeper.as_mut()?.ask(&Request::Kept, LIMIT).ok()?;
        kept.map(|pin| Pin::new(pin.into_bytes()))
    }

    /// Wipes it.
    pub(in crate::agent::server) fn forget(&self) {
        drop(lock(&self.0).take());
    }
}
