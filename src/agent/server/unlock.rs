use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::agent::{Agent, Inner, Phase};
use super::audit::Happened;
use super::error::AgentError;
use super::login::Login;
use super::mutex::lock;
use super::worker::Worker;
use super::workers::{Child, LogIn, LoggedIn, Lost};
use crate::agent::wire::Secret;
use crate::token::{Pin, TokenError, TokenInfo};

/// Whether the device is asked to decrypt something before others log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Not,
    ByTrial,
}

/// A login that is not yet put to use.
pub(super) type NewLogin = (Arc<Login>, Vec<Worker>);

impl Agent {
    /// Logs in with `pin`, which costs one attempt at most; does nothing when that was done already.
    /// The login goes on even when it takes longer than a request may.
    pub(super) async fn unlock(
        self: &Arc<Self>,
        pin: Option<Pin>,
        final_try: bool,
    ) -> Result<(), AgentError> {
        let Some(begun) = self.may_unlock(&mut self.inner(), pin.as_ref())? else {
            return Ok(());
        };
        self.go_on_unlocking(begun, pin, final_try).await
    }

    /// Makes the login that has begun.
    pub(super) async fn go_on_unlocking(
        self: &Arc<Self>,
        (epoch, id): (u64, u64),
        pin: Option<Pin>,
        final_try: bool,
    ) -> Result<(), AgentError> {
        let (reply, answer) = oneshot::channel();
        let agent = self.clone();
        let started = thread::Builder::new().name("login".into()).spawn(move || {
            let login_turn = lock(&agent.login_turn);
            let result = agent.log_in(pin, final_try, Tried::Not);
            let reason = match &result {
                Err(TokenError::PinWrong { .. }) => "the token refused the PIN",
                _ => "it could not be unlocked",
            };
            let result = result.map(|(login, workers)| agent.unlocked(login, workers, epoch));
            agent.forget_if_locked(epoch);
            drop(login_turn);
            agent.end_unlocking(epoch, id, reason);
            // Whoever asked may have gone.
            let _ = reply.send(result);
        });
        if let Err(error) = started {
            self.end_unlocking(epoch, id, "it could not be unlocked");
            return Err(AgentError::failed(format_args!("no thread: {error}")));
        }
        match tokio::time::timeout(self.settings.request_timeout, answer).await {
            Ok(Ok(result)) => Ok(result?),
            _ => Err(AgentError::Overdue(self.settings.request_timeout)),
        }
    }

    /// Begins a login, unless it is not needed, or would be in vain.
    pub(super) fn may_unlock(
        &self,
        inner: &mut Inner,
        pin: Option<&Pin>,
    ) -> Result<Option<(u64, u64)>, AgentError> {
        match inner.phase {
            Phase::Unlocked { .. } => return Ok(None),
            Phase::Unlocking => return Err(AgentError::Unlocking),
            Phase::Recovering { .. } => return Err(AgentError::Recovering),
            Phase::Locked(_) => {}
        }
        self.not_hung(inner)?;
        if pin.is_some_and(|pin| inner.refused.has(pin)) {
            return Err(AgentError::RefusedPin);
        }
        Ok(Some(self.begin_unlocking(inner)))
    }

    /// Logs in by a first worker, which shows whether the PIN is right, and the device works where that is to be `tried`. Only
    /// then others log in.
    pub(super) fn log_in(
        &self,
        pin: Option<Pin>,
        final_try: bool,
        tried: Tried,
    ) -> Result<NewLogin, TokenError> {
        self.wait_for_workers();
        let (mut first, token) = self.find_token()?;
        self.inner().token = token.clone();
        let patience = self.settings.device_timeout;
        let LoggedIn {
            result,
            needs_none,
            token: now,
            confinement,
        } = self.log_in_by(&mut first, &token, pin.as_ref(), final_try, patience)?;
        self.inner().confinement = confinement;
        if let Some(now) = now {
            self.inner().token = now;
        }
        match (&result, &pin) {
            (Err(TokenError::PinWrong { .. }), Some(pin)) => self.inner().refused.add(pin),
            (Ok(_), _) => self.inner().refused.clear(),
            _ => {}
        }
        let keys = match result {
            Ok(keys) => keys,
            Err(error) => {
                *lock(&self.spare) = Some(first);
                return Err(error);
            }
        };
        if keys.is_empty() {
            return Err(TokenError::NoKey {
                label: token.label.clone(),
                wanted: "any".into(),
                present: vec![],
                login_required: !needs_none,
                recorded: None,
            });
        }
        let keeps_pin = match &pin {
            Some(pin) if self.settings.keep_pin => self.keeper.keep(&self.workers, pin),
            _ => {
                self.keeper.forget();
                false
            }
        };
        let login = Arc::new(Login::new(token.clone(), keys, needs_none, keeps_pin));
        let worker = |child| Worker::new(child, login.clone(), self.settings.request_timeout);
        let mut workers = vec![worker(first)];
        if tried == Tried::ByTrial {
            workers[0].trial()?;
        }
        while workers.len() < self.sessions(&token) {
            // A token that grants fewer makes it slower, no more.
            let Ok(child) = self.another_worker(pin.as_ref(), Duration::ZERO) else {
                break;
            };
            workers.push(worker(child));
        }
        Ok((login, workers))
    }

    /// One more worker that is logged in to the same token, with a PIN that was right before.
    pub(super) fn another_worker(
        &self,
        pin: Option<&Pin>,
        patience: Duration,
    ) -> Result<Child, TokenError> {
        let (wanted, known) = {
            let inner = self.inner();
            (inner.token.uri(), inner.token.clone())
        };
        let mut child = self.start_worker()?;
        let found = child.find(&wanted, &known, self.limit());
        let token = found.map_err(|lost| self.tell_lost(&lost))??;
        self.log_in_by(&mut child, &token, pin, false, patience)?
            .result?;
        Ok(child)
    }

    fn log_in_by(
        &self,
        child: &mut Child,
        token: &TokenInfo,
        pin: Option<&Pin>,
        final_try: bool,
        patience: Duration,
    ) -> Result<LoggedIn, TokenError> {
        let secret = |pin: &Pin| Secret::new(pin.bytes().to_vec().into());
        let log_in = LogIn {
            pin: pin.map(secret),
            final_try,
            keep_pin: self.settings.keep_pin,
            recorded: self.recorded.clone(),
            patience,
        };
        // A person at a reader's pad takes the time that they take.
        let limit = (!token.protected_authentication_path())
            .then(|| self.settings.request_timeout.saturating_add(patience));
        let logged_in = child.log_in(log_in, limit);
        logged_in.map_err(|lost| self.tell_lost(&lost))
    }

    /// A worker that is gone, as a failure of the device.
    fn tell_lost(&self, lost: &Lost) -> TokenError {
        self.audit
            .happened(Happened::WorkerEnded(&lost.to_string()));
        lost.into()
    }

    fn start_worker(&self) -> Result<Child, TokenError> {
        let child = self.workers.start_with(&self.module, self.limit())?;
        self.has_started(&child);
        Ok(child)
    }

    /// The time for one request to a worker.
    fn limit(&self) -> Option<Duration> {
        Some(self.settings.request_timeout)
    }

    /// A worker without a login, and the token that it has found, wherever that is plugged in now. After the device failed it
    /// is a new one. In one that was there before, the module is initialised anew, once, when it does not show the token:
    /// some do not see one that came back.
    pub(super) fn find_token(&self) -> Result<(Child, TokenInfo), TokenError> {
        let (restart_first, wanted, known) = {
            let mut inner = self.inner();
            let restart_first = std::mem::take(&mut inner.restart_first);
            (restart_first, inner.wanted.clone(), inner.token.clone())
        };
        let spare = lock(&self.spare).take();
        let mut child = match spare {
            Some(child) if !restart_first => child,
            spare => {
                drop(spare);
                self.start_worker()?
            }
        };
        let found = child.find(&wanted, &known, self.limit());
        match found.map_err(|lost| self.tell_lost(&lost))? {
            Ok(token) => {
                if !known.is_there() {
                    // From now on it is this very one.
                    self.inner().wanted = token.uri();
                }
                Ok((child, token))
            }
            Err(error) => {
                *lock(&self.spare) = Some(child);
                Err(error)
            }
        }
    }
}
