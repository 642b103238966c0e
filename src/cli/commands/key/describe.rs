//! A result key in JSON and in words, whoever tells of it.

use serde_json::{Value, json};

use crate::agent::wire;
use crate::cli::agent_keys::records;
use crate::cli::key_facts::{facts_json, facts_text};
use crate::cli::key_records::{KeyRecord, KeyRecords};
use crate::cli::ui::moments::{Moment, day};
use crate::text::hex::hex;
use crate::token::names::{key_name, token_of};
use crate::token::{Facts, ResultKey, Session, Uri};

/// A result key as it is shown.
pub(super) struct Described {
    uri: String,
    /// The token.
    place: String,
    label: String,
    id: Vec<u8>,
    bits: usize,
    /// Whether the private key is there, too.
    private: bool,
    /// The addresses whose current key it is.
    addresses: Vec<String>,
    /// Whether a key file names it.
    current: bool,
    /// The day from which the token says it is used.
    start_date: Option<String>,
    /// The day on which the first key file that names it was written.
    recorded: Option<String>,
    always_authenticate: bool,
    allowed_mechanisms: Vec<String>,
    facts: Facts,
}

impl Described {
    /// That of a key in a session.
    pub(super) fn of_token(session: &Session, key: &ResultKey, recorded: &KeyRecords) -> Self {
        let token = session.token();
        let (addresses, current) = named_by(recorded, |it| it.is(token, key));
        Self {
            uri: key.uri(token).to_string(),
            place: token_of(&token.uri()),
            label: key.label.clone(),
            id: key.id.clone(),
            bits: key.public.bits(),
            private: key.has_private(),
            addresses,
            current,
            start_date: key.start_date(session),
            recorded: recorded_on(recorded, |it| it.is(token, key)),
            always_authenticate: key.always_authenticate,
            allowed_mechanisms: key.allowed_mechanisms(),
            facts: session.facts(key),
        }
    }

    /// That of a key that an agent tells of.
    pub(super) fn of_agent(key: &wire::Key, recorded: &KeyRecords) -> Self {
        let (addresses, current) = named_by(recorded, |it| records(it, key));
        let uri = key.key.parse::<Uri>().unwrap_or_default();
        Self {
            uri: key.key.clone(),
            place: token_of(&uri),
            label: key.label.clone(),
            id: uri.id.unwrap_or_default(),
            bits: key.bits,
            private: true,
            addresses,
            current,
            start_date: None,
            recorded: recorded_on(recorded, |it| records(it, key)),
            always_authenticate: key.always_authenticate,
            allowed_mechanisms: key.allowed_mechanisms.clone(),
            facts: key.facts,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "key": self.uri,
            "label": self.label,
            "id": hex(&self.id),
            "bits": self.bits,
            "private": self.private,
            "addresses": self.addresses,
            "current": self.current,
            "startDate": self.start_date,
            "recordedOn": self.recorded,
            "alwaysAuthenticate": self.always_authenticate,
            "allowedMechanisms": self.allowed_mechanisms,
            "facts": facts_json(&self.facts),
        })
    }

    pub(super) fn text(&self) -> String {
        let use_of = match self.addresses.as_slice() {
            [] if self.current => "current".to_owned(),
            [] => "no key file here names it".to_owned(),
            addresses => format!("current key of {}", addresses.join(", ")),
        };
        let date = match (&self.start_date, &self.recorded) {
            (Some(day), _) => format!(", valid from {day}"),
            (None, Some(day)) => format!(", recorded {day}"),
            (None, None) => String::new(),
        };
        let state = if self.private {
            facts_text(&self.facts)
        } else {
            "only its public key is here".into()
        };
        let each_use = if self.always_authenticate {
            ", needs the PIN for each use"
        } else {
            ""
        };
        let allowed = match self.allowed_mechanisms.as_slice() {
            [] => String::new(),
            names => format!("\n  may be used with {} alone", names.join(", ")),
        };
        let Self {
            uri,
            place,
            label,
            bits,
            ..
        } = self;
        let name = key_name(label, &self.id);
        format!(
            "{name}, on {place}\n  RSA-{bits}, {use_of}{date}\n  {state}{each_use}{allowed}\n  {uri}"
        )
    }
}

/// The day on which the first key file of a key was written.
fn recorded_on(recorded: &KeyRecords, is_of: impl Fn(&KeyRecord) -> bool) -> Option<String> {
    let records = recorded.iter().filter(|it| is_of(it));
    let first = records.filter_map(|it| it.written).min()?;
    Some(day(Moment(first)))
}

/// The addresses of the records that are of a key, and whether there is any.
fn named_by(recorded: &KeyRecords, is_of: impl Fn(&KeyRecord) -> bool) -> (Vec<String>, bool) {
    let addresses = recorded.iter().filter(|it| is_of(it));
    let addresses = addresses.filter_map(|it| it.address);
    (
        addresses.map(|address| address.to_string()).collect(),
        recorded.any(&is_of),
    )
}
