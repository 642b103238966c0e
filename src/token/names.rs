//! Keys and tokens as people know them.

use super::uri::Uri;
use crate::text::escape::Shown as _;
use crate::text::hex::hex;

/// A key's label, and its id, each where it has one.
pub(crate) fn key_name(label: &str, id: &[u8]) -> String {
    match (label, id) {
        ("", []) => "a key without a label or id".to_owned(),
        ("", id) => format!("id {}", hex(id)),
        (label, []) => format!("{label:?}"),
        (label, id) => format!("{label:?} (id {})", hex(id)),
    }
}

/// The key of a URI.
pub(crate) fn key_of(uri: &Uri) -> String {
    key_name(
        uri.object.as_deref().unwrap_or_default(),
        uri.id.as_deref().unwrap_or_default(),
    )
}

/// The token of a URI: its label and its serial number, each where it has one.
pub(crate) fn token_of(uri: &Uri) -> String {
    let label = uri.token.as_deref().unwrap_or_default();
    match uri.serial.as_deref() {
        Some(serial) if label.is_empty() => format!("the token with the serial {}", serial.shown()),
        Some(serial) => format!("the token {label:?} (serial {})", serial.shown()),
        None if label.is_empty() => "an empty token".to_owned(),
        None => format!("the token {label:?}"),
    }
}
