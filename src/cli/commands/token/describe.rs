//! A token in JSON and in words.

use serde_json::{Value, json};

use crate::cli::ui::pin_state;
use crate::text::escape::Shown as _;
use crate::token::{PinState, TokenInfo};

pub(super) fn to_json(token: &TokenInfo) -> Value {
    json!({
        "token": token.uri().to_string(),
        "label": token.label,
        "serial": token.serial,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "slotId": token.slot_id(),
        "initialised": token.initialised(),
        "pin": token.pin_state().as_str(),
        "loginRequired": token.login_required(),
        "pinPad": token.protected_authentication_path(),
        "writeProtected": token.write_protected(),
    })
}

pub(super) fn to_text(token: &TokenInfo) -> String {
    if !token.initialised() {
        return format!(
            "an empty token, slot-id={}\n  {} {}\n  {}",
            token.slot_id(),
            token.manufacturer.shown(),
            token.model.shown(),
            token.uri(),
        );
    }
    let pin = match (token.login_required(), token.pin_state()) {
        (false, PinState::Ok) => "no login needed".to_owned(),
        (_, state) => pin_state::in_words(state).to_owned(),
    };
    format!(
        "{:?} (serial {}), {pin}\n  {} {}\n  {}",
        token.label,
        token.serial.shown(),
        token.manufacturer.shown(),
        token.model.shown(),
        token.uri(),
    )
}
