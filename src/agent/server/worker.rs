use std::sync::Arc;

use zeroize::Zeroizing;

use super::login::{Kept, Keys, Login, lock};
use crate::archive::Scheme;
use crate::sms::challenge::Web2Challenge;
use crate::token::{ResultKey, Session, TokenError};
use crate::wallet::eip191::eip191_digest;
use crate::wallet::sign::WalletError;
use crate::wallet::signature::Signature;

/// Why most logins end that nobody has ended.
const GONE: &str = "the token does not answer, or has ended the login";

/// A thread's session with the token, and what it does there.
pub(super) struct Worker {
    session: Session,
    login: Arc<Login>,
    /// Why the login is over, once that is known.
    pub(super) over: Option<&'static str>,
}

/// When a call is made once more that the device failed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    Always,
    /// Only after a new login: the call has tried a new session by itself.
    AfterLogin,
}

/// What it took to be able to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recovered {
    BySession,
    ByLogin,
}

impl Worker {
    pub(super) fn new(session: Session, login: Arc<Login>) -> Self {
        Self {
            session,
            login,
            over: None,
        }
    }

    /// One private-key operation. `None` is a bad ciphertext, or a device that has just gone.
    pub(super) fn unwrap(
        &mut self,
        key: &str,
        scheme: Scheme,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let mut decrypt = |session: &mut Session, keys: &Keys, pins: &mut Kept| {
            let key = keys.find(key).ok_or_else(gone)?;
            session.decrypt(key, scheme, ciphertext, pins)
        };
        let mut unwrapped = self.attempt(Retry::AfterLogin, &mut decrypt)?;
        // Asked after a success, too, so that both take the same time.
        if self.session.is_open().is_err() && unwrapped.is_none() {
            self.recover()?;
            unwrapped = self.attempt(Retry::AfterLogin, &mut decrypt)?;
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
        let signed = self.attempt(Retry::Always, |session, keys, pins| {
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
        let keys = self.attempt(Retry::Always, |session, _, _| Keys::read(session))?;
        self.login.set_keys(keys);
        Ok(())
    }

    /// Asks the token something, so that the session does not end by itself. After a ciphertext
    /// that failed, proves that the device still works.
    pub(super) fn keep_alive(&mut self) -> Result<(), TokenError> {
        let doubted = self.login.take_doubt();
        self.attempt(Retry::Always, |session, keys, pins| {
            session.is_logged_in()?;
            let cheap = |key: &&ResultKey| !key.always_authenticate;
            match keys.result.iter().map(|it| &it.1).find(cheap) {
                Some(key) if doubted => session.prove(key, pins),
                _ => Ok(()),
            }
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

    /// Makes a call, and after a failure of the device once more, in a new session or login.
    fn attempt<T>(
        &mut self,
        retry: Retry,
        mut call: impl FnMut(&mut Session, &Keys, &mut Kept) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let mut result = self.call(&mut call);
        if matches!(result, Err(TokenError::Device { .. })) {
            if self.recover()? == Recovered::ByLogin || retry == Retry::Always {
                result = self.call(&mut call);
            }
            if matches!(result, Err(TokenError::Device { .. })) {
                self.over = Some(GONE);
            }
        }
        if matches!(
            result,
            Err(TokenError::PinWrong { .. } | TokenError::PinLocked(_))
        ) {
            self.login.forget_pin();
        }
        result
    }

    fn call<T>(
        &mut self,
        call: &mut impl FnMut(&mut Session, &Keys, &mut Kept) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let keys = self.login.keys();
        call(&mut self.session, &keys, &mut self.login.pin())
    }

    /// A new session, and where the login has ended a new login, if the PIN is kept.
    fn recover(&mut self) -> Result<Recovered, TokenError> {
        let login = self.login.clone();
        let _alone = lock(&login.recovering);
        let recovered = self.recover_alone();
        if let Err(error) = &recovered {
            login.forget_pin();
            self.over = Some(match error {
                TokenError::PinWrong { .. } | TokenError::PinLocked(_) => {
                    "the token refused the PIN that was kept"
                }
                _ => GONE,
            });
        }
        recovered
    }

    fn recover_alone(&mut self) -> Result<Recovered, TokenError> {
        self.session.renew()?;
        let Err(ended) = self.session.is_logged_in() else {
            return Ok(Recovered::BySession);
        };
        // Without one, a reader with a pad would ask somebody who expects nothing.
        let Some(pin) = self.login.pin().0 else {
            return Err(ended);
        };
        self.session.log_in_again(&mut Kept(Some(pin)))?;
        self.login.set_keys(Keys::read(&self.session)?);
        Ok(Recovered::ByLogin)
    }
}

/// The key went away since it was chosen.
fn gone() -> TokenError {
    TokenError::NoKey {
        label: String::new(),
        wanted: "it any more".into(),
        present: vec![],
    }
}
