use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::error::{rv_name, rv_of};
use super::pin::check_length;
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
    // All that can be wrong with the PINs comes first: what C_InitToken does cannot be undone.
    let so_pin = init.so_pin.to_text()?;
    let pin = init.pin.to_text()?;
    let mut named = token.clone();
    if named.label.is_empty() {
        named.label.clone_from(&init.label);
    }
    check_length(&named, &init.pin)?;
    let before: Vec<String> = module.tokens()?.into_iter().map(|it| it.serial).collect();
    module
        .pkcs11
        .init_token(token.slot, &so_pin, &init.label)
        .map_err(|error| match rv_of(&error) {
            Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
                TokenError::SoPinWrong(named.label.clone())
            }
            _ => refused(&named, "C_InitToken", &error),
        })?;
    module.restart()?;
    let fresh = fresh(module, token, &before, &init.label)?;
    set_pin(module, &fresh, &init.so_pin, &pin)?;
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

fn set_pin(
    module: &Arc<Module>,
    token: &TokenInfo,
    so_pin: &Pin,
    pin: &AuthPin,
) -> Result<(), TokenError> {
    let mut session = super::Session::open_as(module, token, Mode::Write)?;
    session.login_as(UserType::So, Some(so_pin))?;
    session
        .raw
        .init_pin(pin)
        .map_err(|error| refused(token, "C_InitPIN", &error))
}

fn refused(token: &TokenInfo, call: &str, error: &cryptoki::error::Error) -> TokenError {
    let reason = rv_of(error).map_or_else(|| error.to_string(), rv_name);
    TokenError::Unfit {
        what: format!(
            "the token \"{}\" was not initialised: {call} returned {reason}",
            token.label
        ),
        hint: "Check the lengths of both PINs and what the token's documentation says of them."
            .into(),
    }
}
