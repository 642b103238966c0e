use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki_sys::CKU_SO;

use super::error::rv_name;
use super::pin::check_length;
use super::raw::CallError;
use super::session::Mode;
use super::{Module, Pin, TokenError, TokenInfo};

/// How a token is to be initialised.
#[derive(Debug)]
pub struct InitToken {
    /// Its label, at most 32 bytes.
    pub label: String,
    /// The security officer's PIN; on a token that has one, the one it has.
    pub so_pin: Pin,
    /// The user PIN to set.
    pub pin: Pin,
}

/// Initialises `token`, which destroys all that is on it, and sets its user PIN.
///
/// # Errors
/// When the token refuses; login and device errors.
pub fn init_token(
    module: &Arc<Module>,
    token: &TokenInfo,
    init: &InitToken,
) -> Result<TokenInfo, TokenError> {
    // What can be wrong with the new PIN comes first: what C_InitToken does cannot be undone.
    let mut named = token.clone();
    if named.label.is_empty() {
        named.label.clone_from(&init.label);
    }
    check_length(&named, &init.pin)?;
    let before: Vec<String> = module.tokens()?.into_iter().map(|it| it.serial).collect();
    module
        .table
        .init_token(token.slot, init.so_pin.bytes(), &init.label)
        .map_err(|error| match error.rv {
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
                TokenError::SoPinWrong(named.label.clone())
            }
            _ => refused(&named, error),
        })?;
    module.restart()?;
    let fresh = fresh(module, token, &before, &init.label)?;
    set_pin(module, &fresh, init)?;
    module.refresh(&fresh)
}

/// The token that was initialised: it may have moved to another slot and got a new serial.
fn fresh(
    module: &Module,
    token: &TokenInfo,
    before: &[String],
    label: &str,
) -> Result<TokenInfo, TokenError> {
    let mut labelled: Vec<TokenInfo> = module
        .tokens()?
        .into_iter()
        .filter(|it| it.initialised() && it.label == label)
        .collect();
    labelled.sort_by_key(|it| (before.contains(&it.serial), it.serial != token.serial));
    labelled
        .into_iter()
        .next()
        .ok_or_else(|| TokenError::NoToken {
            wanted: format!("the label \"{label}\" that was just given"),
            present: vec![],
        })
}

fn set_pin(module: &Arc<Module>, token: &TokenInfo, init: &InitToken) -> Result<(), TokenError> {
    let mut session = super::Session::open_as(module, token, Mode::Write)?;
    session.login_as(CKU_SO, Some(&init.so_pin))?;
    session
        .raw
        .init_pin(init.pin.bytes())
        .map_err(|error| refused(token, error))
}

fn refused(token: &TokenInfo, error: CallError) -> TokenError {
    TokenError::Unfit {
        what: format!(
            "the token \"{}\" was not initialised: {} returned {}",
            token.label,
            error.call,
            rv_name(&error.rv)
        ),
        hint: "Check the lengths of both PINs and what the token's documentation says of them."
            .into(),
    }
}
