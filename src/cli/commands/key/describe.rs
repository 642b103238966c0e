//! A result key in JSON and in words.

use serde_json::{Value, json};

use crate::cli::key_facts::{facts_json, facts_text};
use crate::cli::key_records::KeyRecords;
use crate::text::hex::hex;
use crate::token::{ResultKey, Session, TokenInfo};

/// Returns the addresses whose current key `key` is.
fn addresses(token: &TokenInfo, key: &ResultKey, recorded: &KeyRecords) -> Vec<String> {
    recorded
        .of(token, key)
        .filter_map(|it| it.address)
        .map(|address| address.to_string())
        .collect()
}

pub(super) fn to_json(session: &Session, key: &ResultKey, recorded: &KeyRecords) -> Value {
    let token = session.token();
    json!({
        "uri": key.uri(token).to_string(),
        "label": key.label,
        "id": hex(&key.id),
        "bits": key.public.bits(),
        "private": key.has_private(),
        "addresses": addresses(token, key, recorded),
        "current": recorded.have(token, key),
        "alwaysAuthenticate": key.always_authenticate,
        "token": facts_json(&session.facts(key)),
    })
}

pub(super) fn to_text(session: &Session, key: &ResultKey, recorded: &KeyRecords) -> String {
    let token = session.token();
    let use_of = match addresses(token, key, recorded).as_slice() {
        [] if recorded.have(token, key) => "current".to_owned(),
        [] => "no key file here names it".to_owned(),
        addresses => format!("current key of {}", addresses.join(", ")),
    };
    let state = if key.has_private() {
        facts_text(&session.facts(key))
    } else {
        "only its public key is here".into()
    };
    let each_use = if key.always_authenticate {
        ", wants the PIN for each use"
    } else {
        ""
    };
    format!(
        "{}\n  {:?}, RSA-{}, {use_of}\n  {state}{each_use}",
        key.uri(token),
        key.label,
        key.public.bits(),
    )
}
