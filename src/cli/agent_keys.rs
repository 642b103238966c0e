//! The keys that an agent tells of, as the key files and the URIs here name them.

use super::key_records::KeyRecord;
use crate::agent::wire::Key;
use crate::envelope::PublicKey;
use crate::token::Uri;

/// Whether `wanted` names `key`.
pub(crate) fn names(wanted: &Uri, key: &Key) -> bool {
    key.key.parse::<Uri>().is_ok_and(|uri| {
        let id = uri.id.unwrap_or_default();
        wanted.matches_object(&id, key.label.as_bytes())
    })
}

/// Whether a key file records `key`, which is on the token that the agent holds.
pub(crate) fn records(recorded: &KeyRecord, key: &Key) -> bool {
    match &recorded.public {
        Some(public) => PublicKey::from_pem(&key.public_key).is_ok_and(|it| it == *public),
        None => key
            .key
            .parse::<Uri>()
            .is_ok_and(|uri| uri.id == recorded.uri.id),
    }
}
