use std::sync::Arc;

use zeroize::Zeroizing;

use crate::archive::WrappedKey;
use crate::envelope::{KeyName, Proof, Unwrap};
use crate::token::keys::held::Held;
use crate::token::session::pin::NoPins;
use crate::token::{KeptPin, Module, Pin, PinSource, ResultKey, Session, TokenError, TokenInfo};

/// The result keys of a logged-in token, as the holder that opens archives. A device that fails is
/// brought back where that can be done.
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
        let (session, pin) = Session::log_in(module, token, pins)?;
        let keys = session.result_keys()?;
        if !keys.iter().any(ResultKey::has_private) {
            return Err(TokenError::NoKey {
                label: token.label.clone(),
                wanted: "any".into(),
                present: vec![],
            });
        }
        Ok(Self::new(session, keys, pins).with_pin(pin.as_ref()))
    }

    /// Holds `keys`, the likeliest first, of the logged-in `session`. `pins` is asked again only
    /// by keys that demand the PIN for each use.
    pub fn new(session: Session, keys: Vec<ResultKey>, pins: &'p mut dyn PinSource) -> Self {
        if !keys.iter().any(|key| key.always_authenticate) {
            pins.forget();
        }
        Self {
            held: Held::new(session, keys),
            pins,
        }
    }

    /// Keeps the PIN of the login, to log in again when the device was away. It is sent as long as
    /// the token takes it, and never after it was refused.
    #[must_use]
    pub fn with_pin(mut self, pin: Option<&Pin>) -> Self {
        self.held.pin = pin.and_then(KeptPin::new);
        self
    }

    /// After the next use that succeeds no PIN is kept any more.
    pub fn forget_pin_after_next(&mut self) {
        self.held.last = true;
    }

    /// Wipes the PIN that is kept.
    pub fn forget_pin(&mut self) {
        self.held.pin = None;
    }

    /// The same keys in `count` more sessions, for threads of their own; fewer where the token
    /// grants no more, and none where more of them gain nothing: a device does one thing after the
    /// other. They work for as long as this holder is there, and is not used itself.
    pub fn beside(&self, count: usize) -> Vec<KeysBeside> {
        let Held { session, keys, .. } = &self.held;
        let told = session.token.max_sessions.unwrap_or(usize::MAX);
        // The PIN for each use would be asked for by several threads at a time.
        if session.token.is_hardware() || keys.iter().any(|(_, key)| key.always_authenticate) {
            return Vec::new();
        }
        let open = |_| {
            let session = Session::open(&session.module, &session.token).ok()?;
            Some(KeysBeside(Held {
                session,
                keys: keys.clone(),
                // A restart of the module would end the other sessions.
                pin: None,
                last: false,
            }))
        };
        (0..count.min(told.saturating_sub(1)))
            .map_while(open)
            .collect()
    }
}

/// The keys of [`TokenKeys`], in another session.
pub struct KeysBeside(Held);

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
        self.held.renew(self.pins)
    }

    fn prove(&mut self, keys: &[KeyName]) -> Result<Proof<TokenError>, TokenError> {
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
        self.0.renew(&mut NoPins)
    }

    fn prove(&mut self, keys: &[KeyName]) -> Result<Proof<TokenError>, TokenError> {
        self.0.prove(keys, &mut NoPins)
    }
}
