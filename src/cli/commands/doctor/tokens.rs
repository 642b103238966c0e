use std::sync::Arc;

use super::check::Check;
use crate::cli::agent_beside::name_holder;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::command_line::CommandLine;
use crate::text::escape::Shown as _;
use crate::token::{Module, PinState, Slot, TokenError, TokenInfo};

/// The places for tokens that the module knows, and what is in them.
pub(super) fn slots(module: &Module) -> Check {
    let slots = match module.slots() {
        Ok(slots) => slots,
        Err(error) => return Check::failed("slots", error.into()),
    };
    if slots.is_empty() {
        return Check::not_there("slots", "the module shows no reader and no slot")
            .fix("Plug the token or its reader in; for a card, see that pcscd runs.");
    }
    let mut lines: Vec<String> = slots.iter().map(line).collect();
    let silent = slots.iter().filter(|slot| slot.token.is_err()).count();
    // Many empty readers say nothing each.
    lines.dedup();
    let found = lines.join("\n");
    if silent > 0 {
        return Check::warning("slots", found)
            .fix("Pull the token out and plug it in again; then look at its service.");
    }
    Check::ok("slots", found)
}

fn line(slot: &Slot) -> String {
    let place = match slot.description.as_str() {
        "" => format!("slot {}", slot.id),
        description => description.shown().into_owned(),
    };
    match &slot.token {
        Ok(None) => format!("{place}: no token"),
        Ok(Some(token)) if token.initialised() => format!("{place}: {:?}", token.label),
        Ok(Some(_)) => format!("{place}: an empty token"),
        Err(error) => format!("{place}: {error}"),
    }
}

/// The token that commands use; in the place of one that key files name and that is not there, the only
/// one that is: it may be its replacement.
pub(super) fn check(
    context: &Context,
    module: &Arc<Module>,
    recorded: &KeyRecords,
) -> (Check, Option<TokenInfo>) {
    // Not by the context's own words: with --verbose it would tell of it between the checks.
    let tokens = module.tokens();
    let chosen = tokens.and_then(|tokens| context.choose(module, tokens, recorded));
    match chosen {
        Ok(token) => {
            let found = format!(
                "{:?}: {} {}, serial {}",
                token.label,
                token.manufacturer.shown(),
                token.model.shown(),
                token.serial.shown()
            );
            let check = if token.write_protected() {
                Check::warning("token", format!("{found}; write-protected"))
                    .fix("No key can be made on it; those that are there open results.")
            } else {
                Check::ok("token", found)
            };
            (check, Some(token))
        }
        Err(error) => {
            let empty = matches!(error, TokenError::NotReady { .. });
            let is_missing = matches!(error, TokenError::NoToken { .. });
            let mut check = Check::failed("token", name_holder(context, error.into()));
            if empty {
                check = check.fix(
                    "`iexec-hsm setup` or `iexec-hsm token init --token-label <label>` sets it up.",
                );
            }
            let settings = &context.settings;
            let is_named = settings.token.is_some() || settings.key.is_some();
            let other = module.token(None).ok().filter(|_| is_missing && !is_named);
            if let Some(other) = &other {
                let option = CommandLine::ours("doctor").option("--token", other.uri().to_string());
                check = check.fix(format!(
                    "Plug it in. {:?} is checked instead, as with `{option}`.",
                    other.name()
                ));
            }
            (check, other)
        }
    }
}

/// Checks what the token says of its PIN.
pub(super) fn pin(token: &TokenInfo) -> Check {
    let length = token
        .pin_len
        .map(|(min, max)| format!(", {min} to {max} bytes"));
    let length = length.unwrap_or_default();
    let by_pad = if token.protected_authentication_path() {
        "; typed on the reader"
    } else {
        ""
    };
    match token.pin_state() {
        PinState::Ok if !token.login_required() => {
            Check::ok("PIN", "the token says that it needs no login; a PIN that is given is sent anyway")
        }
        PinState::Ok => Check::ok("PIN", format!("set{length}; the token reports no wrong attempt{by_pad}")),
        PinState::CountLow => Check::warning("PIN", "the last one was wrong; attempts may be running out")
            .fix("Be sure of the PIN before the next attempt; a right one resets the count."),
        PinState::FinalTry => Check::warning("PIN", "one attempt is left, and the token blocks the PIN if it is wrong")
            .fix("Be sure of the PIN, then allow the attempt with --final-pin-try."),
        PinState::Blocked => Check::failed("PIN", TokenError::PinBlocked(token.label.clone()).into()),
        PinState::NotSet => Check::warning("PIN", "the token says that no PIN is set")
            .fix("If it has one, give it with --pin-file, and check with --login whether it is accepted. Otherwise set it with the vendor's tool."),
    }
}
