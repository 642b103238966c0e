use cryptoki::error::RvError;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::AttributeType;
use cryptoki_sys::CK_OBJECT_HANDLE;
use zeroize::Zeroizing;

use crate::archive::Scheme;
use crate::envelope::PublicKey;
use crate::token::keys::attributes::flag;
use crate::token::raw::CallError;
use crate::token::{NoPins, PinSource, Remedy, ResultKey, Session, TokenError};

impl Session {
    /// Does one private-key operation: one `C_DecryptInit`, a context login only where the key demands
    /// it, one `C_Decrypt`. `None` is a bad ciphertext.
    ///
    /// The return value of `C_Decrypt` is not looked at but for the few that never speak of a ciphertext:
    /// what one module says of a bad padding, another says of a device that is gone. [`Self::prove`] tells these apart.
    ///
    /// # Errors
    /// When the operation cannot be begun: the ciphertext is not to blame.
    pub fn decrypt(
        &mut self,
        key: &ResultKey,
        scheme: Scheme,
        ciphertext: &[u8],
        pins: &mut dyn PinSource,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let unwrapped = self.decrypt_once(key, scheme, ciphertext, pins)?;
        if let Some(error) = self.rejected.take() {
            self.check_permitted(key, scheme, &error, pins)?;
        }
        Ok(unwrapped)
    }

    /// Requires that what was rejected was rejected for its ciphertext, not for what the key is used
    /// for: then a good ciphertext is rejected, too.
    fn check_permitted(
        &mut self,
        key: &ResultKey,
        scheme: Scheme,
        error: &CallError,
        pins: &mut dyn PinSource,
    ) -> Result<(), TokenError> {
        // Nobody is asked for a PIN twice for that.
        if !key.always_authenticate {
            let (_, wrapped) = known_good(key, scheme)?;
            self.decrypt_once(key, scheme, &wrapped, pins)?;
            if self.rejected.take().is_none() {
                return Ok(());
            }
        }
        Err(TokenError::not_permitted(error, capability(scheme)))
    }

    fn decrypt_once(
        &mut self,
        key: &ResultKey,
        scheme: Scheme,
        ciphertext: &[u8],
        pins: &mut dyn PinSource,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let Some((ciphertext, possible)) = in_range(&key.public, ciphertext) else {
            return Ok(None);
        };
        key.check_allows(scheme)?;
        let handle = key.private.ok_or_else(|| no_private(key))?;
        let pin = if key.always_authenticate {
            Some(self.pin_for_use(&key.label, pins)?)
        } else {
            None
        };
        self.operate(|session| {
            let begun = match key.decrypts {
                true => session.begin_decrypt(scheme, handle)?,
                false => Begun::NotPermitted,
            };
            if let Begun::NotPermitted = begun {
                let unwrapped = session.decrypt_by_unwrapping(scheme, handle, &ciphertext)?;
                session.broken = unwrapped.is_none();
                return Ok(unwrapped.filter(|_| possible));
            }
            if let Some(pin) = pin {
                session.login_for_use(&pin)?;
            }
            let unwrapped = match session.raw.decrypt(&ciphertext) {
                Err(error) if error.rv == RvError::FunctionRejected => {
                    session.rejected = Some(error);
                    None
                }
                // Of a key that demands the PIN for each use, it may be that one.
                Err(error) if is_of_session(&error.rv) && !key.always_authenticate => {
                    return Err(error.into());
                }
                unwrapped => unwrapped.ok(),
            };
            session.broken = unwrapped.is_none();
            Ok(unwrapped.filter(|_| possible))
        })
    }

    /// Proves that `key` works, with a ciphertext that is known to be good.
    ///
    /// # Errors
    /// [`TokenError::Device`] when it does not.
    pub fn prove(&mut self, key: &ResultKey, pins: &mut dyn PinSource) -> Result<(), TokenError> {
        self.proven_at(key, pins).map(drop)
    }

    /// Proves it, and returns the number of the attempt that did.
    pub(in crate::token) fn proven_at(
        &mut self,
        key: &ResultKey,
        pins: &mut dyn PinSource,
    ) -> Result<u32, TokenError> {
        let scheme = key.scheme_of_trial();
        let (secret, wrapped) = known_good(key, scheme)?;
        // A device may fail once in a while. Nobody is asked for a PIN twice for that.
        let attempts = if key.always_authenticate { 1 } else { 2 };
        for attempt in 1..=attempts {
            let unwrapped = self.decrypt(key, scheme, &wrapped, pins)?;
            if unwrapped.is_some_and(|it| it.as_slice() == secret.as_slice()) {
                return Ok(attempt);
            }
            self.broken = true;
        }
        if self.unreadable {
            return Err(TokenError::NotSupported {
                what: format!(
                    "the key may only unwrap, and the token {:?} does not show what it unwrapped",
                    self.token.name()
                ),
                remedy: Remedy::DecryptKey,
            });
        }
        Err(unproven())
    }

    /// Proves that the device works, with the first of `keys` that may be used and demands no PIN for it;
    /// where there is none, by a look at the private keys.
    ///
    /// # Errors
    /// [`TokenError::Device`] when it does not.
    pub(crate) fn prove_device<'k>(
        &mut self,
        keys: impl IntoIterator<Item = &'k ResultKey>,
    ) -> Result<(), TokenError> {
        let mut keys = keys.into_iter();
        while let Some(key) = keys.find(|key| key.has_private() && !key.always_authenticate) {
            match self.prove(key, &mut NoPins) {
                Err(error) if error.is_missing_permission() => {}
                proven => return proven,
            }
        }
        self.is_logged_in()
    }

    /// `C_DecryptInit`; once more in a new session when the device fails, as the ciphertext has no
    /// part in it.
    fn begin_decrypt(
        &mut self,
        scheme: Scheme,
        key: CK_OBJECT_HANDLE,
    ) -> Result<Begun, TokenError> {
        match self.decrypt_init(scheme, key) {
            Err(failure) if failure.is_of_device() => {
                self.renew()?;
                self.decrypt_init(scheme, key)
            }
            begun => begun,
        }
    }

    fn decrypt_init(&self, scheme: Scheme, key: CK_OBJECT_HANDLE) -> Result<Begun, TokenError> {
        let mechanism = mechanism(scheme);
        match self.raw.decrypt_init(&mechanism, key) {
            Ok(()) => Ok(Begun::Yes),
            Err(error) if self.may_unwrap_instead(key, &error) => Ok(Begun::NotPermitted),
            Err(error) => match self.needed_all_the_same(&error) {
                Some(needed) => Err(needed),
                None => Err(self.does_not_decrypt(scheme, &mechanism, error)),
            },
        }
    }

    fn may_unwrap_instead(&self, key: CK_OBJECT_HANDLE, error: &CallError) -> bool {
        error.rv == RvError::KeyFunctionNotPermitted
            && flag(&self.raw, key, AttributeType::Unwrap) == Some(true)
    }

    fn does_not_decrypt(
        &self,
        scheme: Scheme,
        mechanism: &Mechanism<'_>,
        error: CallError,
    ) -> TokenError {
        if error.rv == RvError::FunctionRejected {
            return TokenError::not_permitted(&error, capability(scheme));
        }
        if !matches!(
            error.rv,
            RvError::MechanismInvalid
                | RvError::MechanismParamInvalid
                | RvError::KeyFunctionNotPermitted
                | RvError::KeyTypeInconsistent
        ) {
            return error.into();
        }
        TokenError::NotSupported {
            what: format!(
                "the token {:?} does not decrypt with {mechanism:?}: {error}",
                self.token.name()
            ),
            remedy: match scheme {
                Scheme::Guide2019 => Remedy::RsaPkcsOaep,
                Scheme::Current | Scheme::LegacyEcb => Remedy::RsaPkcs,
            },
        }
    }
}

/// Whether a return value of `C_Decrypt` speaks of the session or the login: no module is known to say
/// so of a ciphertext.
fn is_of_session(rv: &RvError) -> bool {
    matches!(
        rv,
        RvError::UserNotLoggedIn
            | RvError::SessionClosed
            | RvError::SessionHandleInvalid
            | RvError::DeviceRemoved
    )
}

impl ResultKey {
    /// The scheme that a trial of the key takes: the one of today, unless the key may not.
    fn scheme_of_trial(&self) -> Scheme {
        match self.check_allows(Scheme::Current) {
            Err(_) if self.check_allows(Scheme::Guide2019).is_ok() => Scheme::Guide2019,
            _ => Scheme::Current,
        }
    }

    /// Requires that the key may decrypt in this way, as far as the token tells what it may.
    fn check_allows(&self, scheme: Scheme) -> Result<(), TokenError> {
        let mechanism = mechanism(scheme);
        if self.allowed.is_empty() || self.allowed.contains(&mechanism.mechanism_type()) {
            return Ok(());
        }
        Err(TokenError::NotSupported {
            what: format!(
                "the key {:?} may not be used with {}",
                self.label,
                mechanism.mechanism_type()
            ),
            remedy: Remedy::Capability(capability(scheme)),
        })
    }
}

/// The failure of a key that does not decrypt what is known to be good.
pub(in crate::token) fn unproven() -> TokenError {
    TokenError::device(
        "C_Decrypt",
        "no plaintext for a ciphertext known to be good",
    )
}

/// The name in YubiHSM's documentation of what decrypting takes.
fn capability(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Current | Scheme::LegacyEcb => "decrypt-pkcs",
        Scheme::Guide2019 => "decrypt-oaep",
    }
}

/// Returns a new secret, and a ciphertext of it that is good.
fn known_good(
    key: &ResultKey,
    scheme: Scheme,
) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), TokenError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice())
        .map_err(|error| TokenError::device("getrandom", error))?;
    let wrapped = key.public.wrap(scheme, secret.as_slice());
    let wrapped = wrapped.map_err(|error| TokenError::device("the public key", error))?;
    Ok((secret, wrapped))
}

/// The beginning of a decryption.
enum Begun {
    Yes,
    /// The key may do something else only.
    NotPermitted,
}

/// The mechanism of a scheme.
pub(in crate::token) fn mechanism(scheme: Scheme) -> Mechanism<'static> {
    match scheme {
        Scheme::Current | Scheme::LegacyEcb => Mechanism::RsaPkcs,
        Scheme::Guide2019 => Mechanism::RsaPkcsOaep(PkcsOaepParams::new(
            MechanismType::SHA1,
            PkcsMgfType::MGF1_SHA1,
            PkcsOaepSource::empty(),
        )),
    }
}

/// Returns the bytes to send for `ciphertext`, and whether a plaintext of it can count. A number not below the
/// modulus is no ciphertext and kills some cards, so one that is below it goes in its stead: all
/// bad ciphertexts cost the same calls.
fn in_range(public: &PublicKey, ciphertext: &[u8]) -> Option<(Vec<u8>, bool)> {
    if ciphertext.len() != public.modulus_len() {
        return None;
    }
    let mut sent = ciphertext.to_vec();
    let possible = public.is_below_modulus(ciphertext);
    if !possible {
        // The first byte of a modulus is never zero.
        sent[0] = 0;
    }
    Some((sent, possible))
}

fn no_private(key: &ResultKey) -> TokenError {
    TokenError::NotSupported {
        what: format!("the private key of {:?} is not visible", key.label),
        remedy: Remedy::LogIn,
    }
}
