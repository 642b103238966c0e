//! An agent whose token is not there yet when it starts: it looks for it now and then, and unlocks it when it comes.

use std::sync::Arc;
use std::time::Duration;

use super::Server;
use super::agent::{ABSENT, Agent, Phase};
use super::audit::Happened;
use super::error::AgentError;
use super::mutex::lock;
use super::on_arrival::OnArrival;
use crate::agent::wire::Unlock;
use crate::token::recovery::pauses;
use crate::token::{Pin, TokenError};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(2);

impl Agent {
    /// Whether its token was never there since it started.
    pub(super) fn awaits_token(&self) -> bool {
        !self.inner().token.is_there()
    }

    /// Keeps `unlock` until the token comes. Not where any token could be the one: the PIN is for nobody else's.
    pub(super) fn keep_for_arrival(&self, unlock: Unlock) {
        if !self.inner().token.is_named() {
            return;
        }
        let pin = unlock.pin.map(|pin| Pin::new(pin.into_bytes()));
        let kept = pin
            .as_ref()
            .is_none_or(|pin| self.keeper.keep(&self.workers, pin));
        self.inner().on_arrival = kept.then_some(OnArrival {
            has_pin: pin.is_some(),
            final_try: unlock.final_try,
        });
    }

    /// Looks for the token, unless a login does. Blocks. Returns whether it is there.
    fn look_for_token(&self) -> bool {
        let _login_turn = lock(&self.login_turn);
        if self.awaits_token() {
            let Ok((child, found)) = self.find_token() else {
                return false;
            };
            *lock(&self.spare) = Some(child);
            let mut inner = self.inner();
            let uri = found.uri().to_string();
            self.audit.happened(Happened::TokenFound(&uri));
            inner.token = found;
            if matches!(inner.phase, Phase::Locked(ABSENT)) {
                inner.phase = Phase::Locked("nobody has unlocked it yet");
            }
        }
        true
    }

    /// Looks for the token in a thread that may wait for the module. Counted before that begins, so that
    /// nobody finalises the module beside it.
    async fn look(self: &Arc<Self>) -> bool {
        let id = self.inner().queue.begin();
        let agent = self.clone();
        let look = tokio::task::spawn_blocking(move || {
            let is_there = agent.look_for_token();
            agent.end_call(id);
            is_there
        });
        look.await.unwrap_or(true)
    }

    /// Unlocks the token that has come, for as long as its device may still be waking up.
    async fn unlock_on_arrival(self: &Arc<Self>) -> Result<(), AgentError> {
        let mut result = Ok(());
        for pause in pauses(self.settings.device_timeout) {
            tokio::time::sleep(pause).await;
            result = self.try_on_arrival().await;
            if !result.as_ref().is_err_and(may_pass) {
                break;
            }
            self.inner().restart_first = true;
        }
        self.inner().on_arrival = None;
        if result.is_err() || !self.settings.keep_pin {
            self.keeper.forget();
        }
        result
    }

    /// Does nothing when it was locked since it was given the PIN.
    async fn try_on_arrival(self: &Arc<Self>) -> Result<(), AgentError> {
        let (begun, pin, final_try) = {
            let mut inner = self.inner();
            let Some(kept) = inner.on_arrival else {
                return Ok(());
            };
            let pin = self.keeper.pin().filter(|_| kept.has_pin);
            if pin.is_none() && kept.has_pin {
                // What kept it is gone.
                return Ok(());
            }
            let final_try = kept.final_try;
            let Some(begun) = self.may_unlock(&mut inner, pin.as_ref())? else {
                return Ok(());
            };
            (begun, pin, final_try)
        };
        self.go_on_unlocking(begun, pin, final_try).await
    }
}

/// Whether another login may go well, and costs no attempt. A device that failed when it had the PIN may have
/// counted one.
fn may_pass(error: &AgentError) -> bool {
    match error {
        AgentError::Unlocking => true,
        AgentError::Token(TokenError::Device { pin_sent: true, .. } | TokenError::NoKey { .. }) => {
            false
        }
        AgentError::Token(error) => !error.is_about_pin(),
        _ => false,
    }
}

/// Waits for the token, and unlocks it with what was kept for that.
pub(super) async fn wait_for_token(server: Arc<Server>) {
    let agent = &server.agent;
    loop {
        tokio::time::sleep(INTERVAL).await;
        if agent.look().await {
            break;
        }
    }
    if let Err(error) = agent.unlock_on_arrival().await {
        eprintln!("error: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_tried_again_only_where_that_costs_no_attempt() {
        let device = |pin_sent| TokenError::Device {
            call: "C_Login",
            rv: "CKR_DEVICE_ERROR".into(),
            pin_sent,
        };
        assert!(may_pass(&device(false).into()));
        for error in [device(true), TokenError::FinalTry("card".into())] {
            assert!(!may_pass(&error.into()));
        }
        assert!(!may_pass(&AgentError::RefusedPin));
    }
}
