//! A device that failed while the token was unlocked is brought back, where the PIN is kept: by
//! new worker processes, when all others have ended.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::agent::{Agent, Phase};
use super::audit::Happened;
use super::mutex::lock;
use super::unlock::Tried;
use super::worker::{GONE, PIN_REFUSED};
use crate::token::recovery::{Outcome, pauses, recover};

/// The reason of a recovery that is not wanted any more. The agent has one already, so it is not told.
const LOCKED: &str = "it was locked";

impl Agent {
    /// Ends the workers of the login `epoch`, and has a thread bring the device back.
    pub(super) fn bring_back(self: &Arc<Self>, epoch: u64) {
        let mut inner = self.inner();
        let Phase::Unlocked { login, since } = &inner.phase else {
            return;
        };
        if inner.epoch != epoch {
            return;
        }
        let (since, needs_none) = (*since, login.needs_none);
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
                if let Err(reason) = agent.restart_until_back(epoch, needs_none) {
                    agent.lock_if(Some(epoch), reason);
                }
            });
        if started.is_err() {
            self.lock_if(Some(epoch), GONE);
        }
    }

    /// Starts workers anew until one can log in; the reason when there is no hope.
    fn restart_until_back(
        self: &Arc<Self>,
        epoch: u64,
        needs_none: bool,
    ) -> Result<(), &'static str> {
        let pauses = pauses(self.settings.device_timeout);
        match recover(pauses, |pause| self.restart_once(epoch, pause, needs_none)) {
            Outcome::Works => Ok(()),
            Outcome::Fails => Err(GONE),
            Outcome::Hopeless(reason) => Err(reason),
        }
    }

    fn restart_once(
        self: &Arc<Self>,
        epoch: u64,
        pause: Duration,
        needs_none: bool,
    ) -> Outcome<&'static str> {
        if !self.wait_unless_locked(epoch, pause) {
            return Outcome::Hopeless(LOCKED);
        }
        let login_turn = lock(&self.login_turn);
        if self.inner().epoch != epoch {
            return Outcome::Hopeless(LOCKED);
        }
        let pin = self.keeper.pin();
        if pin.is_none() && !needs_none {
            // What kept it is gone.
            return Outcome::Hopeless(GONE);
        }
        let id = self.begin_restart();
        let back = self.log_in(pin, false, Tried::ByTrial);
        let outcome = back.map(|(login, workers)| self.unlocked(login, workers, epoch));
        self.forget_if_locked(epoch);
        drop(login_turn);
        self.end_call(id);
        match outcome {
            // No token counts as a failure: a module that is back before its device shows none.
            Err(error) if error.is_about_pin() => Outcome::Hopeless(PIN_REFUSED),
            Err(_) => Outcome::Fails,
            Ok(()) => Outcome::Works,
        }
    }

    /// The login that follows is made in a new process.
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
