use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki_sys::CKU_SO;

use super::raw::CallError;
use super::session::login::{announce, obtain};
use super::session::open::Mode;
use super::{Module, Pin, PinSource, PinState, PinUse, Remedy, Session, TokenError, TokenInfo};

/// Initialises `token`, which destroys all that is on it, gives it a label of at most 32 bytes, and
/// sets the SO PIN and the user PIN from `pins`. On a token that has an SO PIN, it must be that one.
///
/// # Errors
/// When the token refuses, and then it is as it was; [`TokenError::Unfinished`] when it is
/// initialised and what comes after fails; login and device errors.
pub fn init_token(
    module: &Arc<Module>,
    token: &TokenInfo,
    label: &str,
    pins: &mut dyn PinSource,
) -> Result<TokenInfo, TokenError> {
    // As people know it from now on.
    let mut named = token.clone();
    named.label = label.to_owned();
    // An empty token takes any; one that is set up has its own, and nothing is chosen.
    let (asking, so) = match token.initialised() {
        true => (token, PinUse::So),
        false => (&named, PinUse::NewSo),
    };
    // Both PINs are had before the first call: what it does cannot be undone.
    let new = if token.protected_authentication_path() {
        NewPins::default()
    } else {
        NewPins {
            so: obtain(asking, so.clone(), pins)?,
            user: obtain(&named, PinUse::New, pins)?,
        }
    };
    let before: Vec<String> = module.tokens()?.into_iter().map(|it| it.serial).collect();
    announce(asking, so, pins);
    module
        .table
        .init_token(token.slot, new.so.as_ref().map(Pin::bytes), label)
        .map_err(|error| refused(token, label, error))?;
    finish(module, token, &before, (label, &new), pins)
        .map_err(|cause| without_pin(token, label, cause))
}

/// Both are none when the reader asks for them itself.
#[derive(Default)]
struct NewPins {
    so: Option<Pin>,
    user: Option<Pin>,
}

/// Sets the user PIN of the token that was just initialised.
fn finish(
    module: &Arc<Module>,
    token: &TokenInfo,
    before: &[String],
    (label, new): (&str, &NewPins),
    pins: &mut dyn PinSource,
) -> Result<TokenInfo, TokenError> {
    module.restart()?;
    let fresh = fresh(module, token, before, label)?;
    let mut session = Session::open_as(module, &fresh, Mode::Write)?;
    announce(&fresh, PinUse::NewSo, pins);
    session.login_as(CKU_SO, new.so.as_ref())?;
    announce(&fresh, PinUse::New, pins);
    let user = new.user.as_ref().map(Pin::bytes);
    session.raw.init_pin(user).map_err(|error| match error.rv {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            TokenError::PinWrong {
                label: label.to_owned(),
                state: PinState::Ok,
            }
        }
        _ => error.into(),
    })?;
    module.refresh(&fresh)
}

/// The token that was initialised: it may have moved to another slot and got a new serial.
fn fresh(
    module: &Module,
    token: &TokenInfo,
    before: &[String],
    label: &str,
) -> Result<TokenInfo, TokenError> {
    likeliest(module.tokens()?, token, before, label).ok_or_else(|| TokenError::NoToken {
        wanted: format!("the label {label:?} that was just given"),
        present: vec![],
    })
}

/// Returns the token with the label whose serial was not there `before`, else one with the serial
/// of `token`.
fn likeliest(
    all: Vec<TokenInfo>,
    token: &TokenInfo,
    before: &[String],
    label: &str,
) -> Option<TokenInfo> {
    all.into_iter()
        .filter(|it| it.initialised() && it.label == label)
        .min_by_key(|it| {
            let old = before.contains(&it.serial);
            (!it.says_initialised(), old, it.serial != token.serial)
        })
}

/// Returns the error for a refused `C_InitToken`.
fn refused(token: &TokenInfo, new_label: &str, error: CallError) -> TokenError {
    let label = if token.label.is_empty() {
        new_label.to_owned()
    } else {
        token.label.clone()
    };
    match error.rv {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            TokenError::SoPinWrong {
                label,
                set_up: token.initialised(),
            }
        }
        _ => TokenError::NotSupported {
            what: format!("the token {label:?} was not initialised: {error}"),
            remedy: Remedy::Documentation,
        },
    }
}

/// The failure that comes after `C_InitToken`.
fn without_pin(token: &TokenInfo, label: &str, cause: TokenError) -> TokenError {
    let lost = if token.initialised() {
        "its previous content is deleted, and "
    } else {
        ""
    };
    TokenError::Unfinished {
        state: format!("{lost}the token {label:?} is initialised, but its PIN is not set"),
        cause: Box::new(cause),
        remedy: Some(Remedy::InitialiseAgain(label.to_owned())),
    }
}

#[cfg(test)]
mod tests;
