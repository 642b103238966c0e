//! A key that opened an archive, as people know it.

use crate::token::Uri;
use crate::token::names::key_name;

/// The name of a key with this label whose URI is known.
pub(crate) fn key_name_of(uri: &str, label: &str) -> String {
    let id = uri.parse::<Uri>().ok().and_then(|uri| uri.id);
    key_name(label, &id.unwrap_or_default())
}
