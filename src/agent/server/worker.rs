use std::sync::Arc;

use zeroize::Zeroizing;

use super::login::{KeptPinSource, Login, LoginKeys, lock};
use crate::archive::Scheme;
use crate::sms::challenge::Web2Challenge;
use crate::token::recovery::{Outcome, RecoveryStep, recover, steps};
use crate::token::{Pin, Session, TokenError};
use crate::wallet::eip191::eip191_digest;
use crate::wallet::sign::WalletError;
use crate::wallet::signature::Signature;

/// The reason of most logins that end by themselves.
pub(super) const GONE: &str =
    "the token does not answer, shows its keys no more, or has ended the login";

/// The reason of a login that cannot be made again.
pub(super) const PIN_REFUSED: &str = "the token refused the PIN that was kept";

/// A thread's session with the token, and what it does there.
pub(super) struct Worker {
    session: Session,
    login: Arc<Login>,
    /// The end of this login, once it is known that its sessions are of no use any more.
    pub(super) ending: Option<Ending>,
}

/// The end of a login.
#[derive(Debug)]
pub(super) enum Ending {
    /// The agent locks, for this reason.
    ForGood(&'static str),
    /// A restart of the module may bring the device back, and a login with this PIN; none where the
    /// token needs no login.
    UntilRestart(Option<Pin>),
}

impl Worker {
    pub(super) fn new(session: Session, login: Arc<Login>) -> Self {
        Self {
            session,
            login,
            ending: None,
        }
    }

    /// Does one private-key operation. `None` is a bad ciphertext, or a device that has just gone.
    pub(super) fn unwrap(
        &mut self,
        key: &str,
        scheme: Scheme,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let mut decrypt = |session: &mut Session, keys: &LoginKeys, pins: &mut KeptPinSource| {
            let key = keys.find(key).ok_or_else(gone)?;
            session.decrypt(key, scheme, ciphertext, pins)
        };
        let mut unwrapped = self.attempt(&mut decrypt)?;
        // Asked after a success, too, so that both take the same time. Without an answer the ciphertext
        // is not to blame.
        if let (Err(failure), None) = (self.session.answers(), &unwrapped) {
            self.recover(failure)?;
            unwrapped = self.attempt(&mut decrypt)?;
        }
        self.login.doubt(unwrapped.is_none());
        Ok(unwrapped)
    }

    /// Signs as the wallet of the challenge's owner; `None` when that is not on the token.
    pub(super) fn sign(
        &mut self,
        challenge: &Web2Challenge<'_>,
    ) -> Result<Option<Signature>, WalletError> {
        let digest = eip191_digest(&challenge.challenge());
        let signed = self.attempt(|session, keys, pins| {
            let Some(key) = keys.wallet(&challenge.owner) else {
                return Ok(None);
            };
            let numbers = session.sign(key, &digest, pins)?;
            Ok(Some(Signature::of_key(&numbers, &digest, &key.public)))
        })?;
        match signed {
            Some(None) => Err(WalletError::Foreign(challenge.owner)),
            Some(signature) => Ok(signature),
            None => Ok(None),
        }
    }

    /// Reads the keys anew: one may have been made since.
    pub(super) fn read_keys(&mut self) -> Result<(), TokenError> {
        let keys = self.attempt(|session, before, _| {
            let keys = LoginKeys::read(session)?;
            match keys.result.is_empty() && !before.result.is_empty() {
                true => Err(TokenError::KeysGone(session.token().label.clone())),
                false => Ok(keys),
            }
        })?;
        self.login.set_keys(keys);
        Ok(())
    }

    /// Asks the token something, so that the session does not end by itself. After a ciphertext
    /// that failed, proves that the device still works.
    pub(super) fn keep_alive(&mut self) -> Result<(), TokenError> {
        let doubted = self.login.take_doubt();
        self.attempt(|session, keys, _| {
            session.is_logged_in()?;
            if doubted {
                session.prove_device(keys.all())?;
            }
            Ok(())
        })
    }

    /// Between two requests, so that the next one takes no longer because this one failed.
    pub(super) fn mend(&mut self) {
        // What fails now fails again, and is told, when the session is used.
        let _ = self.session.mend();
    }

    /// Logs out, as the last one.
    pub(super) fn log_out(&self) {
        // Closing the last session does so, too.
        let _ = self.session.log_out();
    }

    /// Makes a call, and after a failure of the device once more when that is back.
    fn attempt<T>(
        &mut self,
        mut call: impl FnMut(&mut Session, &LoginKeys, &mut KeptPinSource) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let result = match self.call(&mut call) {
            Err(failure) if failure.is_of_device() => {
                self.recover(failure)?;
                let again = self.call(&mut call);
                if again.as_ref().is_err_and(TokenError::is_of_device) {
                    self.ending = Some(Ending::ForGood(GONE));
                }
                again
            }
            result => result,
        };
        if matches!(
            result,
            Err(TokenError::PinWrong { .. } | TokenError::PinBlocked(_))
        ) {
            self.login.forget_pin();
        }
        result
    }

    fn call<T>(
        &mut self,
        call: &mut impl FnMut(&mut Session, &LoginKeys, &mut KeptPinSource) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let keys = self.login.keys();
        call(&mut self.session, &keys, &mut self.login.pin())
    }

    /// Brings the device back by a new session, and where that does not help by a new login, if the
    /// PIN is kept. A restart of the module is for the agent, when no thread is in it.
    fn recover(&mut self, failure: TokenError) -> Result<(), TokenError> {
        let login = self.login.clone();
        let _alone = lock(&login.recovery_lock);
        // Without one, a reader with a pad would ask when nobody expects a question.
        let pin = login.pin().0;
        let can_log_in = pin.is_some() || login.needs_none;
        let outcome = recover(steps(can_log_in, []), |step| self.take(step).into());
        let (ending, error) = match outcome {
            Outcome::Works => return Ok(()),
            Outcome::Hopeless(error) => (Ending::ForGood(PIN_REFUSED), error),
            Outcome::Fails if can_log_in => (Ending::UntilRestart(pin), failure),
            Outcome::Fails => (Ending::ForGood(GONE), failure),
        };
        if let Ending::ForGood(_) = ending {
            login.forget_pin();
        }
        self.ending = Some(ending);
        Err(error)
    }

    fn take(&mut self, step: RecoveryStep) -> Result<(), TokenError> {
        match step {
            RecoveryStep::NewSession => self.session.renew()?,
            RecoveryStep::LogIn | RecoveryStep::Restart(_) => self.log_in_again()?,
        }
        self.trial()
    }

    fn log_in_again(&mut self) -> Result<(), TokenError> {
        self.session.log_in_again(&mut self.login.pin())?;
        self.login.set_keys(LoginKeys::read(&self.session)?);
        Ok(())
    }

    /// Tries whether the device works and the login stands, by a ciphertext that is known to be good.
    pub(super) fn trial(&mut self) -> Result<(), TokenError> {
        self.session.is_logged_in()?;
        let keys = self.login.keys();
        self.session.prove_device(keys.all())
    }
}

/// The key went away since it was chosen.
fn gone() -> TokenError {
    TokenError::NoKey {
        label: String::new(),
        wanted: "it any more".into(),
        present: vec![],
        login_required: true,
        recorded: None,
    }
}
