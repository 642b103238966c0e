//! A device that failed while the token was unlocked is brought back, where the PIN is kept: by
//! restarts of the module, when all sessions are closed.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::agent::{Agent, Phase};
use super::audit::Happened;
use super::login::lock;
use super::unlock::NewLogin;
use super::worker::{GONE, PIN_REFUSED};
use crate::token::recovery::{Outcome, pauses, recover};
use crate::token::{Pin, TokenError};

/// The reason of a recovery that is not wanted any more. The agent has one already, so it is not told.
const LOCKED: &str = "it was locked";

impl Agent {
    /// Ends the sessions of the login `epoch`, and has a thread bring the device back.
    pub(super) fn bring_back(self: &Arc<Self>, epoch: u64, pin: Option<Pin>) {
        let mut inner = self.inner();
        let Phase::Unlocked { login, since } = &inner.phase else {
            return;
        };
        if inner.epoch != epoch {
            return;
        }
        let since = *since;
        login.forget_pin();
        self.audit.happened(Happened::TokenLost);
        inner.phase = Phase::Recovering { since };
        inner.epoch += 1;
        inner.queue.clear();
        let epoch = inner.epoch;
        drop(inner);
        self.changed.notify_all();
        self.rescheduled.notify_one();
        let agent = self.clone();
        let started = thread::Builder::new()
            .name("recovery".into())
            .spawn(move || {
                let reason = agent.restart_until_back(epoch, pin.as_ref());
                if let Err(reason) = reason {
                    agent.lock_if(Some(epoch), reason);
                }
            });
        if started.is_err() {
            self.lock_if(Some(epoch), GONE);
        }
    }

    /// Restarts the module until the token can be logged in to; the reason when there is no hope.
    fn restart_until_back(
        self: &Arc<Self>,
        epoch: u64,
        pin: Option<&Pin>,
    ) -> Result<(), &'static str> {
        let pauses = pauses(self.settings.device_timeout);
        match recover(pauses, |pause| self.restart_once(epoch, pause, pin)) {
            Outcome::Works => Ok(()),
            Outcome::Fails => Err(GONE),
            Outcome::Hopeless(reason) => Err(reason),
        }
    }

    fn restart_once(
        self: &Arc<Self>,
        epoch: u64,
        pause: Duration,
        pin: Option<&Pin>,
    ) -> Outcome<&'static str> {
        if !self.wait_unless_locked(epoch, pause) {
            return Outcome::Hopeless(LOCKED);
        }
        let login_turn = lock(&self.login_turn);
        if self.inner().epoch != epoch {
            return Outcome::Hopeless(LOCKED);
        }
        let id = self.begin_restart();
        let back = self.log_in(pin.cloned(), false).and_then(checked);
        let outcome = back.map(|(login, workers)| self.unlocked(login, workers, epoch));
        drop(login_turn);
        self.end_call(id);
        match outcome {
            // No token counts as a failure: a module that is back before its device shows none.
            Err(error) if error.is_about_pin() => Outcome::Hopeless(PIN_REFUSED),
            Err(_) => Outcome::Fails,
            Ok(()) => Outcome::Works,
        }
    }

    /// The module is restarted by the login that follows.
    fn begin_restart(&self) -> u64 {
        let mut inner = self.inner();
        inner.restart_first = true;
        inner.queue.begin()
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
                .changed
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The login, when its first session does what it should.
fn checked((login, mut workers): NewLogin) -> Result<NewLogin, TokenError> {
    if let Some(worker) = workers.first_mut() {
        worker.trial()?;
    }
    Ok((login, workers))
}
