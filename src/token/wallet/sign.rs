use cryptoki::error::RvError;
use cryptoki::mechanism::Mechanism;
use cryptoki_sys::CK_OBJECT_HANDLE;
use zeroize::Zeroizing;

use super::WalletKey;
use crate::token::raw::CallError;
use crate::token::session::login::PinForUse;
use crate::token::{PinSource, Remedy, Session, TokenError};

impl Session {
    /// Signs a hash: `r` and `s`, in whichever of its two forms the token makes. One `C_SignInit`, a context login only where the key demands it, one `C_Sign`.
    ///
    /// # Errors
    /// When the token does not sign.
    pub fn sign(
        &mut self,
        key: &WalletKey,
        digest: &[u8; 32],
        pins: &mut dyn PinSource,
    ) -> Result<Zeroizing<[u8; 64]>, TokenError> {
        let handle = key.private.ok_or_else(|| no_private(key))?;
        let pin = if key.always_authenticate {
            Some(self.pin_for_use(&key.label, pins)?)
        } else {
            None
        };
        self.operate(|session| session.sign_once(handle, digest, pin.as_ref()))
    }

    fn sign_once(
        &mut self,
        handle: CK_OBJECT_HANDLE,
        digest: &[u8; 32],
        pin: Option<&PinForUse>,
    ) -> Result<Zeroizing<[u8; 64]>, TokenError> {
        self.raw
            .sign_init(&Mechanism::Ecdsa, handle)
            .map_err(|error| {
                let needed = self.needed_all_the_same(&error);
                needed.unwrap_or_else(|| does_not_sign(&self.token.label, error))
            })?;
        if let Some(pin) = pin {
            self.login_for_use(pin)?;
        }
        let signature = self.raw.sign(digest)?;
        let numbers = signature.as_slice().try_into().map_err(|_| {
            let len = signature.len();
            TokenError::device("C_Sign", format!("{len} bytes instead of 64"))
        })?;
        Ok(Zeroizing::new(numbers))
    }
}

fn does_not_sign(label: &str, error: CallError) -> TokenError {
    match error.rv {
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::KeyFunctionNotPermitted
        | RvError::KeyTypeInconsistent
        | RvError::FunctionNotSupported => TokenError::NotSupported {
            what: format!("the token {label:?} does not sign with CKM_ECDSA: {error}"),
            remedy: Remedy::Ecdsa,
        },
        _ => error.into(),
    }
}

fn no_private(key: &WalletKey) -> TokenError {
    TokenError::NotSupported {
        what: format!("the private key of {:?} is not visible", key.label),
        remedy: Remedy::LogIn,
    }
}
