use std::sync::Arc;

use zeroize::Zeroizing;

use super::pin::NoPins;
use super::{Module, PinSource, ResultKey, Session, TokenError, TokenInfo};
use crate::archive::WrappedKey;
use crate::envelope::{KeyName, Unwrap};

/// The result keys of a logged-in token, as the holder that opens archives.
pub struct TokenKeys<'p> {
    held: Held,
    pins: &'p mut dyn PinSource,
}

impl<'p> TokenKeys<'p> {
    /// Logs in to `token` with at most one PIN of `pins`, and holds all result keys there.
    ///
    /// # Errors
    /// Login and device errors; [`TokenError::NoKey`] when no private key there may decrypt.
    pub fn log_in(
        module: &Arc<Module>,
        token: &TokenInfo,
        pins: &'p mut dyn PinSource,
    ) -> Result<Self, TokenError> {
        let session = Session::open_user(module, token, pins)?;
        let keys = session.result_keys()?;
        if !keys.iter().any(ResultKey::has_private) {
            return Err(TokenError::NoKey {
                label: token.label.clone(),
                wanted: "any".into(),
                present: vec![],
            });
        }
        Ok(Self::new(session, keys, pins))
    }

    /// Holds `keys`, the likeliest first, of the logged-in `session`. `pins` is asked again only
    /// by keys that demand the PIN for each use.
    pub fn new(session: Session, keys: Vec<ResultKey>, pins: &'p mut dyn PinSource) -> Self {
        if !keys.iter().any(|key| key.always_authenticate) {
            pins.forget();
        }
        Self {
            held: Held { session, keys },
            pins,
        }
    }

    /// The same keys in `count` more sessions, for threads of their own; fewer where the token
    /// grants no more, and none where more of them gain nothing: a device does one thing after the
    /// other. They work for as long as this holder is there.
    pub fn beside(&self, count: usize) -> Vec<KeysBeside> {
        let Held { session, keys } = &self.held;
        let told = session.token.max_sessions.unwrap_or(usize::MAX);
        // The PIN for each use would be asked for by several threads at a time.
        if session.token.is_hardware() || keys.iter().any(|key| key.always_authenticate) {
            return Vec::new();
        }
        let open = |_| {
            let session = Session::open(&session.module, &session.token).ok()?;
            let keys = keys.clone();
            Some(KeysBeside(Held { session, keys }))
        };
        (0..count.min(told.saturating_sub(1)))
            .map_while(open)
            .collect()
    }
}

/// The keys of [`TokenKeys`], in another session.
pub struct KeysBeside(Held);

struct Held {
    session: Session,
    keys: Vec<ResultKey>,
}

impl Held {
    fn find(&self, name: &KeyName) -> Option<ResultKey> {
        let token = &self.session.token;
        self.keys
            .iter()
            .find(|key| key.uri(token).to_string() == name.uri)
            .cloned()
    }

    fn candidates(&self, modulus_len: usize) -> Vec<KeyName> {
        let token = &self.session.token;
        self.keys
            .iter()
            .filter(|key| key.has_private() && key.public.modulus_len() == modulus_len)
            .map(|key| KeyName {
                uri: key.uri(token).to_string(),
                label: key.label.clone(),
            })
            .collect()
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
        pins: &mut dyn PinSource,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let Some(key) = self.find(key) else {
            return Ok(None);
        };
        let (scheme, ciphertext) = (wrapped.scheme(), wrapped.ciphertext());
        self.session.decrypt(&key, scheme, ciphertext, pins)
    }

    fn may_repeat(&self, key: &KeyName) -> bool {
        // A person should not be asked again for an archive that is bad.
        self.find(key).is_some_and(|key| !key.always_authenticate)
    }

    fn prove(&mut self, keys: &[KeyName], pins: &mut dyn PinSource) -> Result<(), TokenError> {
        for name in keys {
            // A key that demands the PIN each time gives device and PIN errors of its own before
            // it decrypts.
            if self.may_repeat(name)
                && let Some(key) = self.find(name)
            {
                self.session.prove(&key, pins)?;
            }
        }
        Ok(())
    }
}

impl Unwrap for TokenKeys<'_> {
    type Error = TokenError;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<KeyName>, TokenError> {
        Ok(self.held.candidates(modulus_len))
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        self.held.unwrap(key, wrapped, self.pins)
    }

    fn may_repeat(&self, key: &KeyName) -> bool {
        self.held.may_repeat(key)
    }

    fn renew(&mut self) -> Result<(), TokenError> {
        self.held.session.renew()
    }

    fn prove(&mut self, keys: &[KeyName]) -> Result<(), TokenError> {
        self.held.prove(keys, self.pins)
    }
}

impl Unwrap for KeysBeside {
    type Error = TokenError;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<KeyName>, TokenError> {
        Ok(self.0.candidates(modulus_len))
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        self.0.unwrap(key, wrapped, &mut NoPins)
    }

    fn renew(&mut self) -> Result<(), TokenError> {
        self.0.session.renew()
    }

    fn prove(&mut self, keys: &[KeyName]) -> Result<(), TokenError> {
        self.0.prove(keys, &mut NoPins)
    }
}
