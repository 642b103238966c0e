//! Keys as people know them.

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
