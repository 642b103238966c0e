use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::archive::WrappedKey;
use crate::envelope::{KeyName, Proof};
use crate::token::session::recovery::{Recovery, Seen, Step};
use crate::token::{KeptPin, PinSource, ResultKey, Session, TokenError};

/// Before each restart of the module: a service that restarts is back by the last one.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(1000),
];

/// Result keys in a session, and what brings it back when the device fails.
pub(in crate::token) struct Held {
    pub(in crate::token) session: Session,
    /// With their URIs, which stay when a device that was away has another label.
    pub(in crate::token) keys: Vec<(String, ResultKey)>,
    /// That of the login; none on a reader's pad, and beside another session.
    pub(in crate::token) pin: Option<KeptPin>,
    /// The PIN is wiped after the next use that succeeds.
    pub(in crate::token) last: bool,
}

impl Held {
    pub(in crate::token) fn new(session: Session, keys: Vec<ResultKey>) -> Self {
        let uri = |key: &ResultKey| key.uri(session.token()).to_string();
        let keys = keys.into_iter().map(|key| (uri(&key), key)).collect();
        Self {
            session,
            keys,
            pin: None,
            last: false,
        }
    }

    pub(in crate::token) fn candidates(&self, modulus_len: usize) -> Vec<KeyName> {
        self.keys
            .iter()
            .filter(|(_, key)| key.has_private() && key.public.modulus_len() == modulus_len)
            .map(|(uri, key)| KeyName {
                uri: uri.clone(),
                label: key.label.clone(),
            })
            .collect()
    }

    pub(in crate::token) fn unwrap(
        &mut self,
        name: &KeyName,
        wrapped: &WrappedKey,
        pins: &mut dyn PinSource,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let unwrapped = self.unwrap_or_recover(name, wrapped, pins)?;
        if self.last && unwrapped.is_some() {
            self.pin = None;
        }
        Ok(unwrapped)
    }

    fn unwrap_or_recover(
        &mut self,
        name: &KeyName,
        wrapped: &WrappedKey,
        pins: &mut dyn PinSource,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let (scheme, ciphertext) = (wrapped.scheme(), wrapped.ciphertext());
        let Some(key) = self.find(name) else {
            return Ok(None);
        };
        match self.session.decrypt(&key, scheme, ciphertext, pins) {
            Err(cause @ TokenError::Device { .. }) => self.recover(cause, pins)?,
            done => return done,
        };
        let Some(key) = self.find(name) else {
            return Ok(None);
        };
        self.session.decrypt(&key, scheme, ciphertext, pins)
    }

    pub(in crate::token) fn may_repeat(&self, name: &KeyName) -> bool {
        // A person should not be asked again for an archive that is bad.
        self.find(name).is_some_and(|key| !key.always_authenticate)
    }

    pub(in crate::token) fn renew(&mut self, pins: &mut dyn PinSource) -> Result<(), TokenError> {
        match self.session.renew() {
            Err(cause) => self.recover(cause, pins).map(drop),
            Ok(()) => Ok(()),
        }
    }

    pub(in crate::token) fn prove(
        &mut self,
        names: &[KeyName],
        pins: &mut dyn PinSource,
    ) -> Result<Proof<TokenError>, TokenError> {
        for name in names {
            // A key that demands the PIN each time gives device and PIN errors of its own before
            // it decrypts.
            if self.may_repeat(name)
                && let Some(key) = self.find(name)
            {
                match self.session.prove(&key, pins) {
                    Err(cause @ TokenError::Device { .. }) => {
                        return self.recover(cause, pins).map(Proof::Recovered);
                    }
                    proven => proven?,
                }
            }
        }
        Ok(Proof::Works)
    }

    fn find(&self, name: &KeyName) -> Option<ResultKey> {
        let found = self.keys.iter().find(|(uri, _)| *uri == name.uri);
        found.map(|(_, key)| key.clone())
    }

    /// Brings the device back, and returns the failure that it was. Handles are others after it.
    fn recover(
        &mut self,
        cause: TokenError,
        pins: &mut dyn PinSource,
    ) -> Result<TokenError, TokenError> {
        let mut recovery = Recovery::new(self.pin.is_some(), &PAUSES);
        let mut tried = Err(cause);
        let mut first = None;
        loop {
            let seen = Seen::of(&tried);
            let step = recovery.next(seen);
            if let Err(error) = tried {
                match step {
                    // The PIN's failure says more than that of the device.
                    Step::GiveUp if seen == Seen::PinRefused => return Err(error),
                    Step::GiveUp => return Err(first.unwrap_or(error)),
                    _ => first = first.or(Some(error)),
                }
            }
            tried = match step {
                Step::NewSession => self.session.renew(),
                Step::LogIn => self.log_in(Session::log_in_again),
                Step::Restart(pause) => {
                    thread::sleep(pause);
                    self.log_in(Session::restart)
                }
                Step::GoOn | Step::GiveUp => break,
            }
            .and_then(|()| self.trial(pins));
        }
        Ok(first.unwrap_or_else(|| TokenError::device("C_Decrypt", "nothing")))
    }

    fn log_in(
        &mut self,
        how: impl FnOnce(&mut Session, &mut dyn PinSource) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        let Some(pin) = &self.pin else {
            return Ok(());
        };
        how(&mut self.session, &mut pin.get())?;
        let now = self.session.private_keys()?;
        for (_, key) in &mut self.keys {
            let same = now
                .iter()
                .find(|it| it.public == key.public && it.id == key.id);
            key.private = same.and_then(|it| it.private);
        }
        Ok(())
    }

    /// Whether the device works, by a ciphertext that is known to be good.
    fn trial(&mut self, pins: &mut dyn PinSource) -> Result<(), TokenError> {
        let mut keys = self.keys.iter().map(|(_, key)| key);
        match keys.find(|key| key.has_private() && !key.always_authenticate) {
            Some(key) => self.session.prove(&key.clone(), pins),
            None => self.session.is_logged_in(),
        }
    }
}
