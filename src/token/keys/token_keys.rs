use std::sync::Arc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::archive::WrappedKey;
use crate::envelope::{Candidate, KeyName, Proof, Steadiness, Unwrap};
use crate::token::keys::decrypt::unproven;
use crate::token::session::recovery::{
    DEVICE_TIMEOUT, Outcome, RecoveryStep, UnknownLogins, pauses, recover, steps,
};
use crate::token::{
    Call, KeptPin, Module, NoPins, Pin, PinSource, ResultKey, Session, TokenError, TokenInfo,
};

/// The result keys of a logged-in token, as the holder that opens archives. A device that fails is
/// brought back where that can be done. The source of PINs is asked by keys that demand the PIN for
/// each use.
pub struct TokenKeys<P> {
    session: Session,
    /// With their URIs, which stay when a device that was away has another label.
    keys: Vec<(String, ResultKey)>,
    pins: P,
    again: NewLogin,
    /// The PIN is wiped after the next use that succeeds.
    forget_after_next: bool,
    device_timeout: Duration,
    steadiness: Steadiness,
}

/// The way to log in again after the device was away.
enum NewLogin {
    With(KeptPin),
    /// The token needs no login.
    WithoutPin,
    /// On a reader's pad a person would have to be asked, and beside another session a restart of the
    /// module would end that one.
    Impossible,
}

impl<P: PinSource> TokenKeys<P> {
    /// Logs in to `token` with at most one PIN of `pins`, and holds all result keys there.
    ///
    /// # Errors
    /// Login and device errors; [`TokenError::NoKey`] when no private key there may decrypt.
    pub fn log_in(
        module: &Arc<Module>,
        token: &TokenInfo,
        mut pins: P,
    ) -> Result<Self, TokenError> {
        let (session, pin) = Session::log_in(module, token, &mut pins)?;
        let keys = session.result_keys()?;
        if !keys.iter().any(ResultKey::has_private) {
            return Err(TokenError::NoKey {
                label: token.label.clone(),
                wanted: "any".into(),
                present: vec![],
                login_required: token.login_required(),
                recorded: None,
            });
        }
        Ok(Self::new(session, keys, pins).with_pin(pin.as_ref()))
    }

    /// Holds `keys`, the likeliest first, of the logged-in `session`.
    pub fn new(session: Session, keys: Vec<ResultKey>, mut pins: P) -> Self {
        if !keys.iter().any(|key| key.always_authenticate) {
            pins.forget();
        }
        let uri = |key: &ResultKey| key.uri(session.token()).to_string();
        Self {
            keys: keys.into_iter().map(|key| (uri(&key), key)).collect(),
            again: match session.needs_no_login() {
                true => NewLogin::WithoutPin,
                false => NewLogin::Impossible,
            },
            session,
            pins,
            forget_after_next: false,
            device_timeout: DEVICE_TIMEOUT,
            steadiness: Steadiness::default(),
        }
    }

    /// Sets the time in which a device that failed is brought back.
    #[must_use]
    pub fn with_device_timeout(mut self, time: Duration) -> Self {
        self.device_timeout = time;
        self
    }

    /// Keeps the PIN of the login, to log in again when the device was away. It is sent as long as
    /// the token takes it, and never after it was refused.
    #[must_use]
    pub fn with_pin(mut self, pin: Option<&Pin>) -> Self {
        if let Some(pin) = pin.and_then(KeptPin::new) {
            self.again = NewLogin::With(pin);
        }
        self
    }

    /// Wipes the PIN that is kept after the next use that succeeds.
    pub fn forget_pin_after_next(&mut self) {
        self.forget_after_next = true;
    }

    /// Returns the same keys in `count` more sessions, for threads of their own; fewer where the token
    /// grants no more, and none where more of them gain nothing: a device does one thing after the
    /// other. They work for as long as this holder is there, and is not used itself. Their calls are made one at
    /// a time where the module is not known to bear more.
    pub fn beside(&self, count: usize) -> Vec<TokenKeys<NoPins>> {
        let Self { session, keys, .. } = self;
        let told = session.token.max_sessions.unwrap_or(usize::MAX);
        // The PIN for each use would be asked for by several threads at a time.
        if session.token.is_hardware() || keys.iter().any(|(_, key)| key.always_authenticate) {
            return Vec::new();
        }
        if count > 1 && !session.token.is_module_for_threads() {
            session.module.table.take_turns();
        }
        let open = |_| {
            Some(TokenKeys {
                session: Session::open(&session.module, &session.token).ok()?,
                keys: keys.clone(),
                pins: NoPins,
                again: NewLogin::Impossible,
                forget_after_next: false,
                device_timeout: self.device_timeout,
                steadiness: self.steadiness.clone(),
            })
        };
        (0..count.min(told.saturating_sub(1)))
            .map_while(open)
            .collect()
    }

    fn forget_pin(&mut self) {
        if let NewLogin::With(_) = self.again {
            self.again = NewLogin::Impossible;
        }
    }

    fn unwrap_once(
        &mut self,
        name: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let Some(key) = find(&self.keys, name) else {
            return Ok(None);
        };
        let (scheme, ciphertext) = (wrapped.scheme(), wrapped.ciphertext());
        self.session
            .decrypt(key, scheme, ciphertext, &mut self.pins)
    }

    /// Brings the device back after `failure`, as a use of a key does by itself. Other sessions with the
    /// token must be closed: this one may restart the module.
    ///
    /// # Errors
    /// `failure`, or that of the PIN, when it does not come back.
    pub fn bring_back(&mut self, failure: TokenError) -> Result<(), TokenError> {
        self.recover(failure).map(|_| ())
    }

    /// Brings the device back, and returns the failure that it was.
    fn recover(&mut self, failure: TokenError) -> Result<TokenError, TokenError> {
        let _watched = self.session.raw.watch(Call::RECOVERY);
        let can_log_in = !matches!(self.again, NewLogin::Impossible);
        let steps = steps(can_log_in, pauses(self.device_timeout));
        let mut logins = UnknownLogins::default();
        match recover(steps, |step| logins.outcome(self.take(step))) {
            Outcome::Works => Ok(failure),
            Outcome::Fails => Err(failure),
            // The PIN's failure says more than that of the device.
            Outcome::Hopeless(error) => Err(error),
        }
    }

    fn take(&mut self, step: RecoveryStep) -> Result<(), TokenError> {
        match step {
            RecoveryStep::NewSession => self.session.renew()?,
            RecoveryStep::LogIn => self.log_in_again(Session::log_in_again)?,
            RecoveryStep::Restart(pause) => {
                thread::sleep(pause);
                self.log_in_again(Session::restart)?;
            }
        }
        let keys = self.keys.iter().map(|(_, key)| key);
        self.session.prove_device(keys)
    }

    /// Logs in as before. Handles are others after it.
    fn log_in_again(
        &mut self,
        how: impl FnOnce(&mut Session, &mut dyn PinSource) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        match &self.again {
            NewLogin::With(pin) => how(&mut self.session, &mut pin.get())?,
            NewLogin::WithoutPin => how(&mut self.session, &mut NoPins)?,
            NewLogin::Impossible => return Ok(()),
        }
        let now = self.session.private_keys()?;
        for (_, key) in &mut self.keys {
            let same = now
                .iter()
                .find(|it| it.public == key.public && it.id == key.id);
            key.private = same.and_then(|it| it.private);
        }
        Ok(())
    }
}

impl<P: PinSource> Unwrap for TokenKeys<P> {
    type Error = TokenError;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<Candidate>, TokenError> {
        let fitting = self
            .keys
            .iter()
            .filter(|(_, key)| key.has_private() && key.public.modulus_len() == modulus_len);
        Ok(fitting
            .map(|(uri, key)| Candidate {
                name: KeyName {
                    uri: uri.clone(),
                    label: key.label.clone(),
                },
                // A person should not be asked again for an archive that is bad.
                may_repeat: !key.always_authenticate,
            })
            .collect())
    }

    fn unwrap(
        &mut self,
        name: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let unwrapped = match self.unwrap_once(name, wrapped) {
            Err(failure) if failure.is_of_device() => {
                self.recover(failure)?;
                self.unwrap_once(name, wrapped)
            }
            unwrapped => unwrapped,
        }?;
        if self.forget_after_next && unwrapped.is_some() {
            self.forget_pin();
        }
        Ok(unwrapped)
    }

    fn is_of_key(error: &TokenError) -> bool {
        error.is_missing_permission()
    }

    fn done(&mut self, opened: bool) -> Result<(), TokenError> {
        if !opened && let Err(failure) = self.session.renew() {
            self.recover(failure)?;
        }
        Ok(())
    }

    fn steadiness(&self) -> Steadiness {
        self.steadiness.clone()
    }

    fn prove(&mut self, candidates: &[Candidate]) -> Result<Proof<TokenError>, TokenError> {
        // A key that demands the PIN each time gives device and PIN errors of its own before it
        // decrypts.
        for candidate in candidates.iter().filter(|it| it.may_repeat) {
            if let Some(key) = find(&self.keys, &candidate.name) {
                match self.session.proven_at(key, &mut self.pins) {
                    Err(failure) if failure.is_of_device() => {
                        return self.recover(failure).map(Proof::Recovered);
                    }
                    // Other keys may be used.
                    Err(error) if error.is_missing_permission() => {}
                    Ok(attempt) if attempt > 1 && !self.steadiness.doubt() => {
                        return Ok(Proof::Recovered(unproven()));
                    }
                    proven => drop(proven?),
                }
            }
        }
        Ok(Proof::Works)
    }
}

fn find<'k>(keys: &'k [(String, ResultKey)], name: &KeyName) -> Option<&'k ResultKey> {
    let found = keys.iter().find(|(uri, _)| *uri == name.uri);
    found.map(|(_, key)| key)
}
