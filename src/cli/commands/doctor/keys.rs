use super::check::Check;
use crate::cli::key_facts::facts_text;
use crate::cli::key_records::KeyRecords;
use crate::token::{KeyOrigin, ResultKey, Session};

const NAME: &str = "key";

/// Checks each result key on the token, by what the token says of it.
pub(super) fn checks(session: &Session, logged_in: bool, recorded: &KeyRecords) -> Vec<Check> {
    let keys = match session.result_keys() {
        Ok(keys) => keys,
        Err(error) => return vec![Check::failed(NAME, error.into())],
    };
    if keys.is_empty() && !logged_in {
        return vec![
            Check::skipped(NAME, "none is visible without the PIN")
                .fix("Look with --login, and give the PIN."),
        ];
    }
    if keys.is_empty() && recorded.any(|it| it.is_on(session.token())) {
        return vec![
            Check::not_there(
                NAME,
                "the token has no result key, but a key file names one on it",
            )
            .fix("Check the device, and what this login may see, before you make a new key."),
        ];
    }
    if keys.is_empty() {
        return vec![Check::not_there(NAME, "no result key is on the token").fix(
            "Make one with `iexec-hsm result generate-encryption-keypair`, or with `iexec-hsm setup`.",
        )];
    }
    keys.iter()
        .map(|key| check(session, logged_in, recorded, key))
        .collect()
}

fn check(session: &Session, logged_in: bool, recorded: &KeyRecords, key: &ResultKey) -> Check {
    let token = session.token();
    let current = recorded.of(token, key).next();
    let whose = match current.map(|it| it.address) {
        Some(Some(address)) => format!("current key of {address}"),
        Some(None) => "current".to_owned(),
        None => "no key file here names it".to_owned(),
    };
    let uri = key.uri(token);
    let found = format!("{:?}, RSA-{}, {whose}", key.label, key.public.bits());
    if !key.has_private() && !logged_in {
        return Check::ok(NAME, format!("{found}; --login shows its private key"));
    }
    if !key.has_private() {
        return Check::warning(
            NAME,
            format!("{found}; only its public key is there\n{uri}"),
        )
        .fix("It opens nothing; the private key is on another token, or was deleted.");
    }
    let facts = session.facts(key);
    let found = format!("{found}: {}", facts_text(&facts));
    let each_use = if key.always_authenticate {
        "; it needs the PIN for each use"
    } else {
        ""
    };
    let found = format!("{found}{each_use}");
    if !facts.stays_on_token() {
        return Check::warning(NAME, format!("{found}\n{uri}")).fix(
            "It opens results, but is not published: a copy may be elsewhere. Make a new one.",
        );
    }
    if facts.origin() != KeyOrigin::MadeOnToken {
        return Check::warning(NAME, format!("{found}\n{uri}"))
            .fix("It is published only with --allow-imported.");
    }
    Check::ok(NAME, found)
}
