use std::sync::Arc;

use cryptoki::error::RvError;

use super::session::login::{announce, obtain};
use super::session::open::Mode;
use super::{Module, Pin, PinSource, PinUse, Remedy, Session, TokenError, TokenInfo};

/// Whose PIN is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinOwner {
    /// The user.
    User,
    /// The security officer.
    So,
}

/// Changes a PIN of `token`: the old one is tried by one login, before the new one is asked for.
///
/// # Errors
/// When the token refuses the old PIN, or has blocked it; [`TokenError::NotSupported`] when it does not take the new one,
/// and the old one is valid still.
pub fn change_pin(
    module: &Arc<Module>,
    token: &TokenInfo,
    owner: PinOwner,
    pins: &mut dyn PinSource,
) -> Result<TokenInfo, TokenError> {
    let mut session = Session::open_as(module, token, Mode::Write)?;
    let old = match owner {
        PinOwner::User => session.login(pins)?,
        PinOwner::So => session.log_in_so(pins)?,
    };
    if old.is_none() && !token.protected_authentication_path() {
        return Err(not_taken(token, "it asks for none"));
    }
    let purpose = match owner {
        PinOwner::User => PinUse::New,
        PinOwner::So => PinUse::NewSo,
    };
    let new = obtain(token, purpose.clone(), pins)?;
    announce(token, purpose, pins);
    session
        .raw
        .set_pin(old.as_ref().map(Pin::bytes), new.as_ref().map(Pin::bytes))
        .map_err(|error| match error.rv {
            RvError::PinLenRange | RvError::PinInvalid => {
                not_taken(token, "its length or characters")
            }
            // It was right a moment ago.
            RvError::PinIncorrect => not_taken(token, "it says that the old one is wrong"),
            RvError::FunctionNotSupported => not_taken(token, "it has no such function"),
            _ => error.into(),
        })?;
    module.refresh(token)
}

fn not_taken(token: &TokenInfo, why: &str) -> TokenError {
    TokenError::NotSupported {
        what: format!(
            "the token {:?} did not take the new PIN ({why}); the old one is valid still",
            token.name()
        ),
        remedy: Remedy::Documentation,
    }
}
