//! The challenge that would be signed, and the requests that would be sent.

use serde_json::{Value, json};

use crate::cli::services::Service;
use crate::cli::ui::reply::Reply;
use crate::sms::challenge::Web2Challenge;
use crate::text::hex::hex;
use crate::wallet::eip191::eip191_digest;

/// Shows what must be signed, for a wallet that is elsewhere.
pub(super) fn challenge(challenge: &Web2Challenge<'_>) -> Reply {
    let message = challenge.challenge();
    let mut lines = vec![
        ("challenge", prefixed(&message)),
        ("digest", prefixed(&eip191_digest(&message))),
    ];
    lines.extend(challenge.fields());
    let json = lines
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!(text)))
        .collect();
    let reply = Reply::new(Value::Object(json)).note(format!(
        "Sign the challenge with the wallet of {}, as a message of 32 bytes (`personal_sign`, EIP-191). The wallet's key then signs the digest. Anyone who has the signature can publish this key for that address, at any time and on every chain.\nThen push with --signature.",
        challenge.owner
    ));
    lines.iter().fold(reply, |reply, (name, text)| {
        reply.text(format!("{name:<13} {text}"))
    })
}

/// Shows all that would be sent but for the signature.
pub(super) fn dry_run(
    services: &[Service],
    challenge: &Web2Challenge<'_>,
    force_update: bool,
    key: Value,
) -> Reply {
    let mut methods = vec!["HEAD", "POST"];
    methods.extend(force_update.then_some("PUT"));
    let target = |service: &Service| service.client.url(challenge.owner, challenge.name);
    let requests: Vec<Value> = services
        .iter()
        .map(|service| service.json(json!({ "target": target(service), "methods": methods })))
        .collect();
    let message = prefixed(&challenge.challenge());
    let json = json!({
        "isPushed": false,
        "isUpdated": false,
        "dryRun": true,
        "requests": requests,
        "contentType": "text/plain",
        "body": challenge.value,
        "challenge": message,
    });
    let mut reply = Reply::new(json).with(key).note("Nothing was sent.");
    for service in services {
        let target = target(service);
        reply = reply.text(format!("HEAD {target}"));
        reply = reply.text(format!("POST {target}  (if no key is there)"));
        if force_update {
            reply = reply.text(format!("PUT {target}  (if a key is there)"));
        }
    }
    reply
        .text("Content-Type: text/plain")
        .text(format!(
            "Authorization: (the wallet's signature of {message})"
        ))
        .text("")
        .text(challenge.value)
}

fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}
