use std::sync::Arc;

use cryptoki::object::ObjectClass;

use crate::text::hex::hex;
use crate::token::keys::result_key::EXPONENT;
use crate::token::session::open::Mode;
use crate::token::{
    Module, Pin, PinSource, Remedy, ResultKey, Session, TokenError, TokenInfo, Uri,
};

/// A key pair that was made on a token, or brought to it, a moment ago. Whatever happens from then
/// on, the caller learns whether it is still there.
pub(in crate::token) struct FreshKey<'a> {
    pub(in crate::token) module: &'a Arc<Module>,
    /// The token, as it was before.
    pub(in crate::token) token: &'a TokenInfo,
    /// `CKA_ID`, which was free before.
    pub(in crate::token) id: &'a [u8],
    /// `CKA_ID` that the token showed straight after it was made; another one than it was given, perhaps.
    pub(in crate::token) shown_id: Option<&'a [u8]>,
    /// `CKA_LABEL` that it was given.
    pub(in crate::token) label: &'a str,
}

impl FreshKey<'_> {
    /// The result key as a restarted module shows it, once it was checked and tried; one that fails
    /// is removed again. Straight after a key was made, one module shows a modulus with rubbish
    /// behind it.
    pub(in crate::token) fn result_key(
        &self,
        bits: usize,
        pin: Option<&Pin>,
        pins: &mut dyn PinSource,
    ) -> Result<(Session, ResultKey), TokenError> {
        let uri = || self.uri().to_string();
        let left = |cause| self.left(cause, Remedy::AdoptOrDelete(uri()));
        let mut session = self.log_in_again(pin, pins).map_err(left)?;
        let key = self.find(&session).map_err(left)?;
        let key = key.ok_or_else(|| self.not_kept())?;
        match check(&mut session, &key, bits, pins) {
            Ok(()) => Ok((session, key)),
            Err(cause) => {
                let uri = key.uri(session.token()).to_string();
                Err(self.removed(session.delete(&key), cause, Remedy::Delete(uri)))
            }
        }
    }

    fn find(&self, session: &Session) -> Result<Option<ResultKey>, TokenError> {
        match (session.key_with_id(self.id)?, self.shown_id) {
            (None, Some(shown)) if shown != self.id => session.key_with_id(shown),
            (found, _) => Ok(found),
        }
    }

    /// Restarts the module and logs in again, with the PIN that was right before.
    pub(in crate::token) fn log_in_again(
        &self,
        pin: Option<&Pin>,
        pins: &mut dyn PinSource,
    ) -> Result<Session, TokenError> {
        self.module.restart()?;
        let token = self.module.find_again(self.token)?;
        let mut session = Session::open_as(self.module, &token, Mode::Write)?;
        session.login_as_before(pin, pins)?;
        Ok(session)
    }

    /// The URI.
    pub(in crate::token) fn uri(&self) -> Uri {
        Uri::for_key(&self.token.fields(), self.id, self.label)
    }

    /// The failure after which it is still on the token, and what to do with it then.
    pub(in crate::token) fn left(&self, cause: TokenError, remedy: Remedy) -> TokenError {
        TokenError::Unfinished {
            state: format!("the new key is left on the token {:?}", self.token.label),
            cause: Box::new(cause),
            remedy: Some(remedy),
        }
    }

    /// The failure after which it was removed, or was to be; `remedy` is for the latter.
    pub(in crate::token) fn removed(
        &self,
        removed: Result<(), TokenError>,
        cause: TokenError,
        remedy: Remedy,
    ) -> TokenError {
        match removed {
            Ok(()) => TokenError::Unfinished {
                state: "the new key was removed again".into(),
                cause: Box::new(cause),
                remedy: None,
            },
            Err(error) => TokenError::Unfinished {
                state: format!(
                    "the new key is left on the token {:?} and must not be used, as it could not be removed ({error})",
                    self.token.label
                ),
                cause: Box::new(cause),
                remedy: Some(remedy),
            },
        }
    }

    fn not_kept(&self) -> TokenError {
        TokenError::NotSupported {
            what: format!(
                "the new key with id {} is not on the token any more",
                hex(self.id)
            ),
            remedy: Remedy::TokenThatKeepsKeys,
        }
    }
}

fn check(
    session: &mut Session,
    key: &ResultKey,
    bits: usize,
    pins: &mut dyn PinSource,
) -> Result<(), TokenError> {
    let not_supported = |what: String| TokenError::NotSupported {
        what,
        remedy: Remedy::OtherToken,
    };
    if !session.facts(key).stays_on_token() {
        return Err(not_supported(
            "the token does not say that the new key is sensitive and not extractable".into(),
        ));
    }
    if key.public.bits() != bits || key.public.exponent() != EXPONENT {
        let (bits, exponent) = (key.public.bits(), key.public.exponent());
        return Err(not_supported(format!(
            "the new key has {bits} bits and exponent {exponent:02x?}"
        )));
    }
    session.prove(key, pins).map_err(|error| match error {
        TokenError::Device { .. } => {
            not_supported(format!("the new key does not decrypt: {error}"))
        }
        // A PIN that was refused or not given is not the token's fault.
        other => other,
    })
}

impl Session {
    /// The private key with `id`.
    fn key_with_id(&self, id: &[u8]) -> Result<Option<ResultKey>, TokenError> {
        let handles = self.find(ObjectClass::PRIVATE_KEY, Some(id))?;
        let mut keys = self.private_keys()?.into_iter();
        Ok(keys.find(|key| key.private.is_some_and(|handle| handles.contains(&handle))))
    }
}
