//! Keys and tokens as people know them.

use crate::text::escape::Shown as _;
use crate::text::hex::hex;
use crate::token::Uri;

/// A key's label, and its id, each where it has one.
pub(crate) fn key_name(label: &str, id: &[u8]) -> String {
    match (label, id) {
        ("", []) => "a key without a label or id".to_owned(),
        ("", id) => format!("id {}", hex(id)),
        (label, []) => format!("{label:?}"),
        (label, id) => format!("{label:?} (id {})", hex(id)),
    }
}

/// The same of a key with this label whose URI is known.
pub(crate) fn key_name_of(uri: &str, label: &str) -> String {
    let id = uri.parse::<Uri>().ok().and_then(|uri| uri.id);
    key_name(label, &id.unwrap_or_default())
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
        Some(serial) => format!("the token {label:?} (serial {})", serial.shown()),
        None => format!("the token {label:?}"),
    }
}
