//! The initialisation of a token.

use std::cell::RefCell;

use super::context::Context;
use super::locating::Located;
use super::ui::command_line::CommandLine;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::{Pin, TokenError, TokenInfo, Uri, init_token};

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
    let (module, token) = choose(context, init.force)?;
    if token.initialised() {
        let name = token.name();
        let what = format!("All keys on the token {name:?} will be lost.");
        // An empty line must not be enough.
        let label = [&token.label, &token.serial, &name];
        let label = label.into_iter().find(|it| !it.is_empty());
        let label = label.map_or(name.as_str(), String::as_str);
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
fn choose(context: &Context, force: bool) -> Result<Located, Failure> {
    let named = context.settings.token.as_ref();
    let in_use: RefCell<Option<Located>> = RefCell::new(None);
    let found = context.locate_by(&[], &|module, tokens| {
        let present = tokens.iter().map(|token| token.uri().to_string()).collect();
        let fits = |token: &TokenInfo| named.is_none_or(|uri| token.fits(uri));
        let mut fitting = module.examined(tokens.into_iter().filter(fits).collect());
        if !force || named.is_none() {
            let set_up = fitting.iter().find(|token| token.initialised());
            let set_up = set_up.map(|token| (module.clone(), token.clone()));
            in_use.replace_with(|known| known.take().or(set_up));
            fitting.retain(|token| !token.initialised());
        }
        match fitting.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(TokenError::NoToken {
                wanted: named.map_or("an empty token".into(), Uri::in_words),
                present,
            }),
            // The URIs of empty tokens may all be alike: only the slot tells them apart.
            several => Err(TokenError::TokenAmbiguous(
                several
                    .iter()
                    .map(|token| format!("{};slot-id={}", token.uri(), token.slot_id()))
                    .collect(),
            )),
        }
    });
    match (found, in_use.into_inner()) {
        (Err(failure), Some((_, token))) if failure.code == Code::TokenNotUsable => {
            Err(used_already(&token))
        }
        (Ok(empty), Some(set_up)) if named.is_none() && empty.0.path() != set_up.0.path() => {
            Err(which_one(&set_up, &empty))
        }
        (found, _) => found,
    }
}

/// Two tokens of which a person may mean either: SoftHSM2 always has an empty one, and a card that is
/// plugged in may be the one that was to be erased.
fn which_one((module, set_up): &Located, (other, empty): &Located) -> Failure {
    let what = format!(
        "the token {:?} in {} is set up already, and an empty one is in {}",
        set_up.name(),
        module.path().shown(),
        other.path().shown()
    );
    let with = |uri: String| CommandLine::new("--token").operand(uri);
    let of_empty = with(format!("{};slot-id={}", empty.uri(), empty.slot_id()));
    let of_set_up = with(set_up.uri().to_string());
    Failure::new(Code::TokenNotUsable, what).hint(format!(
        "Name the empty one with `{of_empty}`; or, to lose all keys on the other one, name that with `{of_set_up}` and add --force."
    ))
}

fn used_already(token: &TokenInfo) -> Failure {
    let name = token.name();
    let what = match token.says_initialised() {
        true => format!("the token {name:?} is initialised already"),
        false => format!(
            "the token {name:?} does not say that it is initialised, but it is in use: it has {}",
            token.signs_of_use().join(" and ")
        ),
    };
    Failure::new(Code::NotSupported, what)
        .hint("To lose all keys on it, name it with --token and add --force.")
}
