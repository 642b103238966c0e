use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::login::Login;
use super::mutex::lock;
use super::workers::{Child, HeldKey, Lost, SignedBy, Standing};
use crate::agent::wire::{Secret, Unwrap};
use crate::sms::challenge::Web2Challenge;
use crate::token::recovery::{Outcome, RecoveryStep, recover, steps};
use crate::token::{TokenError, TokenInfo};
use crate::wallet::eip191::eip191_digest;
use crate::wallet::sign::WalletError;
use crate::wallet::signature::Signature;

/// The reason of most logins that end by themselves.
pub(super) const GONE: &str =
    "the token does not answer, shows its keys no more, or has ended the login";

/// The reason of a login that cannot be made again.
pub(super) const PIN_REFUSED: &str = "the token refused the PIN that was kept";

/// A worker process and its session with the token, and what it does there.
pub(super) struct Worker {
    child: Child,
    login: Arc<Login>,
    /// The keys that the process knows, by the login's number of them.
    version: u64,
    /// The time that one request may take.
    limit: Duration,
    /// The end of this login, once it is known that its sessions are of no use any more.
    pub(super) ending: Option<Ending>,
    /// The process is gone.
    pub(super) lost: Option<Lost>,
    /// What it was asked last may be asked once more, if the process has gone meanwhile.
    pub(super) may_repeat: bool,
}

/// The end of a login.
#[derive(Debug)]
pub(super) enum Ending {
    /// The agent locks, for this reason.
    ForGood(&'static str),
    /// A restart of the module may bring the device back, and another login.
    UntilRestart,
}

impl Worker {
    pub(super) fn new(child: Child, login: Arc<Login>, limit: Duration) -> Self {
        Self {
            child,
            version: login.version(),
            login,
            limit,
            ending: None,
            lost: None,
            may_repeat: false,
        }
    }

    /// Does one private-key operation. `None` is a bad ciphertext, or a device that has just gone.
    pub(super) fn unwrap(
        &mut self,
        key: &HeldKey,
        request: &Unwrap,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        // Each use of such a key costs a PIN, which a process that is gone may have sent.
        self.may_repeat = !key.always_authenticate;
        let place = key.place();
        let mut decrypt =
            |child: &mut Child, standing, limit| child.unwrap(standing, &place, request, limit);
        let mut unwrapped = self.attempt(&mut decrypt)?;
        // Without an answer of the device the ciphertext is not to blame.
        if let (Some(failure), None) = (unwrapped.silent.take(), &unwrapped.bytes) {
            self.recover(failure)?;
            unwrapped = self.attempt(&mut decrypt)?;
        }
        self.login.doubt(unwrapped.bytes.is_none());
        Ok(unwrapped.bytes.map(Secret::into_bytes))
    }

    /// Signs as the wallet of the challenge's owner; `None` when the token makes no signature of it.
    pub(super) fn sign(
        &mut self,
        challenge: &Web2Challenge<'_>,
    ) -> Result<Option<Signature>, WalletError> {
        // Nobody signs twice.
        self.may_repeat = false;
        let digest = eip191_digest(&challenge.challenge());
        let owner = challenge.owner;
        let signed =
            self.attempt(|child, standing, limit| child.sign(standing, &owner, digest, limit))?;
        match signed {
            SignedBy::Nobody => Err(WalletError::Foreign(owner)),
            SignedBy::Wrongly => Ok(None),
            SignedBy::Wallet(text) => {
                let text = str::from_utf8(text.as_bytes()).unwrap_or_default();
                Ok(Signature::from_str(text).ok())
            }
        }
    }

    /// Reads the keys anew: one may have been made since.
    pub(super) fn read_keys(&mut self) -> Result<(), TokenError> {
        self.may_repeat = true;
        let before = !self.login.keys().result.is_empty();
        let label = self.login.label().to_owned();
        let keys = self.attempt(|child, _, limit| {
            let read = child.read_keys(limit)?;
            Ok(
                read.and_then(|keys| match keys.result.is_empty() && before {
                    true => Err(TokenError::KeysGone(label.clone())),
                    false => Ok(keys),
                }),
            )
        })?;
        self.login.set_keys(keys);
        Ok(())
    }

    /// Asks the token something, so that the session does not end by itself. After a ciphertext
    /// that failed, proves that the device still works.
    pub(super) fn keep_alive(&mut self) -> Result<(), TokenError> {
        let doubted = self.login.take_doubt();
        self.attempt(|child, standing, limit| child.keep_alive(standing, doubted, limit))
    }

    /// Asks the token what it says of itself. A failure of that brings nothing back: nobody needs the device for it.
    pub(super) fn look(&mut self) -> Result<TokenInfo, TokenError> {
        self.may_repeat = false;
        self.call(&mut |child, _, limit| child.look(limit))
    }

    /// Takes another process, in the same login, for one that is gone.
    pub(super) fn replace(&mut self, child: Child) {
        self.child = child;
        self.version = self.login.version();
        self.lost = None;
    }

    /// The login that it is of.
    pub(super) fn login(&self) -> &Arc<Login> {
        &self.login
    }

    /// Makes a call, and after a failure of the device once more when that is back.
    fn attempt<T>(
        &mut self,
        mut call: impl FnMut(&mut Child, Standing, Duration) -> Result<Result<T, TokenError>, Lost>,
    ) -> Result<T, TokenError> {
        let result = match self.call(&mut call) {
            Err(failure) if failure.is_of_device() && self.lost.is_none() => {
                self.recover(failure)?;
                let again = self.call(&mut call);
                if again.as_ref().is_err_and(TokenError::is_of_device) && self.lost.is_none() {
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

    /// Makes one request of the process, unless that is gone.
    fn call<T>(
        &mut self,
        call: &mut impl FnMut(&mut Child, Standing, Duration) -> Result<Result<T, TokenError>, Lost>,
    ) -> Result<T, TokenError> {
        if let Some(lost) = &self.lost {
            return Err(lost.into());
        }
        let version = self.login.version();
        let standing = Standing {
            keeps_pin: self.login.keeps_pin(),
            keys_changed: version != self.version,
        };
        match call(&mut self.child, standing, self.limit) {
            Ok(answer) => {
                self.version = version;
                answer
            }
            Err(lost) => {
                let error = TokenError::from(&lost);
                self.lost = Some(lost);
                Err(error)
            }
        }
    }

    /// Brings the device back by a new session, and where that does not help by a new login, if the
    /// PIN is kept. A restart of the module is for the agent, when no worker is in it.
    fn recover(&mut self, failure: TokenError) -> Result<(), TokenError> {
        let login = self.login.clone();
        // One PIN for all: when it is refused once, nobody else sends it.
        let _alone = lock(&login.recovery_lock);
        // Without one, a reader with a pad would ask when nobody expects a question.
        let can_log_in = login.can_be_made_again();
        let outcome = recover(steps(can_log_in, []), |step| self.take(step).into());
        if self.lost.is_some() {
            return Err(failure);
        }
        let (ending, error) = match outcome {
            Outcome::Works => return Ok(()),
            Outcome::Hopeless(error) => (Ending::ForGood(PIN_REFUSED), error),
            Outcome::Fails if can_log_in => (Ending::UntilRestart, failure),
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
            RecoveryStep::NewSession => self.call(&mut |child, _, limit| child.renew(limit))?,
            RecoveryStep::LogIn | RecoveryStep::Restart(_) => self.log_in_again()?,
        }
        self.trial()
    }

    fn log_in_again(&mut self) -> Result<(), TokenError> {
        let keys = self.call(&mut |child, standing, limit| child.log_in_again(standing, limit))?;
        self.login.set_keys(keys);
        Ok(())
    }

    /// Tries whether the device works and the login stands, by a ciphertext that is known to be good.
    pub(super) fn trial(&mut self) -> Result<(), TokenError> {
        self.call(&mut |child, standing, limit| child.keep_alive(standing, true, limit))
    }
}
