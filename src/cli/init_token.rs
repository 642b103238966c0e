//! The initialisation of a token.

use super::context::Context;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::token::{Module, Pin, TokenError, TokenInfo, init_token};

/// A token to initialise.
#[derive(Debug, Default)]
pub(crate) struct TokenToInit {
    /// The label that it gets.
    pub(crate) label: String,
    /// Whether it may be set up already.
    pub(crate) force: bool,
    /// The present label, in place of typing it.
    pub(crate) confirm_label: Option<String>,
}

/// Initialises the token that options name. Returns it as it is then, and the PIN that a person
/// chose for it.
pub(crate) fn initialise(
    context: &Context,
    init: &TokenToInit,
) -> Result<(TokenInfo, Option<Pin>), Failure> {
    let mut pins = context.pins()?;
    let module = context.module()?;
    let token = choose(context, &module, init.force)?;
    if token.initialised() {
        let what = format!("All keys on the token {:?} will be lost.", token.label);
        // An empty line must not be enough.
        let label = match token.label.as_str() {
            "" => &token.serial,
            label => label,
        };
        if !context.label_repeated(init.confirm_label.as_deref(), label, &what) {
            return Err(Failure::new(
                Code::Usage,
                format!("the token {label:?} was left as it is"),
            )
            .hint("Type its label when asked, or give it with --confirm-label."));
        }
    }
    let fresh = init_token(&module, &token, &init.label, &mut pins)?;
    Ok((fresh, pins.chosen))
}

/// The empty token, or with `force` the one that is named.
fn choose(context: &Context, module: &Module, force: bool) -> Result<TokenInfo, Failure> {
    let wanted = context.settings.token.as_ref();
    let mut fitting: Vec<TokenInfo> = module
        .tokens()?
        .into_iter()
        .filter(|token| wanted.is_none_or(|uri| token.fits(uri)))
        .collect();
    if !force || wanted.is_none() {
        let set_up = fitting.iter().find(|token| token.initialised()).cloned();
        fitting.retain(|token| !token.initialised());
        if let (Some(token), true) = (set_up, fitting.is_empty()) {
            return Err(Failure::new(
                Code::NotSupported,
                format!("the token {:?} is initialised already", token.label),
            )
            .hint("To lose all keys on it, name it with --token and add --force."));
        }
    }
    match (fitting.len(), fitting.pop()) {
        (1, Some(token)) => Ok(token),
        (_, Some(last)) => {
            fitting.push(last);
            // The URIs of empty tokens may all be alike: only the slot tells them apart.
            let uris = fitting
                .iter()
                .map(|token| format!("{};slot-id={}", token.uri(), token.slot_id()));
            Err(TokenError::TokenAmbiguous(uris.collect()).into())
        }
        _ => Err(TokenError::NoToken {
            wanted: "an empty token".into(),
            present: vec![],
        }
        .into()),
    }
}
