use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::agent::{Agent, Inner, Phase};
use super::error::AgentError;
use super::login::{GivenPinSource, Login, LoginKeys, lock};
use super::worker::Worker;
use crate::token::{KeptPin, Pin, Session, TokenError, TokenInfo, Uri};

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
            let result = agent.log_in(pin, final_try);
            let reason = match &result {
                Err(TokenError::PinWrong { .. }) => "the token refused the PIN",
                _ => "it could not be unlocked",
            };
            let result = result.map(|(login, workers)| agent.unlocked(login, workers, epoch));
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
            _ => {
                self.inner().queue.give_up(id);
                Err(AgentError::Overdue(self.settings.request_timeout))
            }
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

    pub(super) fn log_in(&self, pin: Option<Pin>, final_try: bool) -> Result<NewLogin, TokenError> {
        if !self.wait_for_sessions() {
            return Err(TokenError::device(
                "a call of an earlier login",
                "nothing yet",
            ));
        }
        let token = self.find_token()?;
        self.inner().token = token.clone();
        let mut given = GivenPinSource { pin, final_try };
        let opened = Session::open_user(&self.module, &token, &mut given);
        if let Ok(now) = self.module.refresh(&token) {
            self.inner().token = now;
        }
        let pin = given.pin;
        match (&opened, &pin) {
            (Err(TokenError::PinWrong { .. }), Some(pin)) => self.inner().refused.add(pin),
            (Ok(_), _) => self.inner().refused.clear(),
            _ => {}
        }
        let mut first = opened?;
        self.make_known(&mut first);
        let keys = LoginKeys::read(&first)?;
        if keys.result.is_empty() && keys.wallets.is_empty() {
            return Err(TokenError::NoKey {
                label: token.label.clone(),
                wanted: "any".into(),
                present: vec![],
                login_required: !first.needs_no_login(),
                recorded: None,
            });
        }
        let kept = pin.filter(|_| self.settings.keep_pin);
        let kept = kept.as_ref().and_then(KeptPin::new);
        let login = Arc::new(Login::new(&first, keys, kept));
        let mut sessions = vec![first];
        while sessions.len() < self.sessions(&token) {
            // A token that grants fewer makes it slower, no more.
            let Ok(mut session) = Session::open(&self.module, &token) else {
                break;
            };
            self.make_known(&mut session);
            sessions.push(session);
        }
        let workers = sessions.into_iter();
        let workers = workers.map(|session| Worker::new(session, login.clone()));
        Ok((login.clone(), workers.collect()))
    }

    /// Tells a session of the public keys that its token may not show.
    fn make_known(&self, session: &mut Session) {
        for (uri, public) in &self.settings.known {
            session.know_recorded(uri, public);
        }
    }

    /// The token, wherever it is plugged in now. After the device failed, and when the token is
    /// not there, the module is initialised anew, once: some do not see a token that came back.
    pub(super) fn find_token(&self) -> Result<TokenInfo, TokenError> {
        let (restart_first, wanted, known) = {
            let mut inner = self.inner();
            let restart_first = std::mem::take(&mut inner.restart_first);
            (restart_first, inner.wanted.clone(), inner.token.clone())
        };
        let found = self.find(&wanted, &known, restart_first)?;
        if !known.is_there() {
            // From now on it is this very one.
            self.inner().wanted = found.uri();
        }
        Ok(found)
    }

    fn find(
        &self,
        wanted: &Uri,
        known: &TokenInfo,
        restart_first: bool,
    ) -> Result<TokenInfo, TokenError> {
        let find = || {
            let in_slot = |it: &TokenInfo| it.slot_id() == known.slot_id();
            let tokens = self.module.tokens()?;
            self.module.choose(tokens, Some(wanted), in_slot)
        };
        if !restart_first && let Ok(token) = find() {
            return Ok(token);
        }
        self.module.restart()?;
        match find() {
            // Some tokens change their label.
            Err(TokenError::NoToken { .. }) => self.module.find_again(known),
            found => found,
        }
    }
}
