//! A device that failed while the token was unlocked is brought back, where the PIN is kept: by
//! restarts of the module, when all sessions are closed.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::agent::{Agent, Phase};
use super::error_response::Denied;
use super::login::lock;
use super::unlock::Fresh;
use super::worker::GONE;
use crate::agent::wire::{Code, Refusal};
use crate::token::recovery::{Recovery, Seen, Step};
use crate::token::{Pin, TokenError};

/// Before each restart of the module: as long as a service takes to come back, and no longer than
/// whoever waits will believe in it.
pub(super) const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How a login goes on whose sessions are of no use any more.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) recovery: Recovery,
    /// Before the first restart.
    pub(super) pause: Duration,
    /// The PIN of the login.
    pub(super) pin: Pin,
}

/// Nothing can be asked of the token now.
pub(super) fn away() -> Denied {
    let refusal = Refusal::new(
        Code::DeviceFailed,
        "the device is away: it failed, and the agent tries to bring it back",
    );
    Denied::from(
        refusal.hint("Check that the token is plugged in and its service runs, then try again."),
    )
    .retry_after(Duration::from_secs(1))
}

impl Agent {
    /// Ends the sessions of the login `epoch`, and has a thread bring the device back.
    pub(super) fn bring_back(self: &Arc<Self>, epoch: u64, away: Away) {
        let mut inner = self.inner();
        let Phase::Unlocked { login, since } = &inner.phase else {
            return;
        };
        if inner.epoch != epoch {
            return;
        }
        let since = *since;
        login.forget_pin();
        inner.phase = Phase::Away { since };
        inner.epoch += 1;
        inner.queue.clear();
        let epoch = inner.epoch;
        drop(inner);
        self.moved.notify_all();
        self.rescheduled.notify_one();
        let agent = self.clone();
        let started = thread::Builder::new()
            .name("recovery".into())
            .spawn(move || {
                let reason = agent.restart_until_back(epoch, away);
                if let Err(reason) = reason {
                    agent.lock_if(Some(epoch), reason);
                }
            });
        if started.is_err() {
            self.lock_if(Some(epoch), GONE);
        }
    }

    /// Restarts the module until the token can be logged in to; the reason when there is no hope.
    fn restart_until_back(self: &Arc<Self>, epoch: u64, away: Away) -> Result<(), &'static str> {
        let Away {
            mut recovery,
            mut pause,
            pin,
        } = away;
        loop {
            if !self.wait_unless_locked(epoch, pause) {
                return Ok(());
            }
            let entrance = lock(&self.entrance);
            if self.inner().epoch != epoch {
                return Ok(());
            }
            let (id, pin) = (self.begin_restart(), pin.clone());
            let back = self.log_in(Some(pin), false).and_then(tried);
            let outcome = back.map(|(login, workers)| self.unlocked(login, workers, epoch));
            drop(entrance);
            self.inner().queue.end(id);
            self.moved.notify_all();
            let seen = match &outcome {
                // The module is back and the token is not: somebody has pulled it.
                Err(TokenError::NoToken { .. }) => return Err(GONE),
                outcome => Seen::of(outcome),
            };
            pause = match recovery.next(seen) {
                Step::Restart(pause) => pause,
                Step::GoOn => return Ok(()),
                _ if seen == Seen::PinRefused => {
                    return Err("the token refused the PIN that was kept");
                }
                _ => return Err(GONE),
            };
        }
    }

    /// The module is restarted by the login that follows.
    fn begin_restart(&self) -> u64 {
        let mut inner = self.inner();
        inner.suspect = true;
        let id = inner.queue.id();
        inner.queue.begin(id);
        id
    }

    /// Waits; whether it was not locked meanwhile.
    fn wait_unless_locked(&self, epoch: u64, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut inner = self.inner();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if inner.epoch != epoch || left.is_zero() {
                return inner.epoch == epoch;
            }
            (inner, _) = self
                .moved
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The login, when its first session does what it should.
fn tried((login, mut workers): Fresh) -> Result<Fresh, TokenError> {
    if let Some(worker) = workers.first_mut() {
        worker.trial()?;
    }
    Ok((login, workers))
}
