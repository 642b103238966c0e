use serde_json::{Value, json};

use crate::cli::chosen_key::{Which, facts_json, facts_text};
use crate::cli::context::Context;
use crate::cli::key_records::{KeyRecord, common_token};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::hex::hex;
use crate::token::{ResultKey, Session, TokenInfo};

pub(super) fn list(context: &mut Context) -> Result<Reply, Failure> {
    let recorded = context.every_key_record()?;
    let module = context.module()?;
    let token = context.token(&module, common_token(&recorded).as_ref())?;
    let mut pins = context.pins()?;
    let session = Session::open_user(&module, &token, &mut pins)?;
    let keys = session.result_keys()?;
    let json: Vec<Value> = keys
        .iter()
        .map(|key| to_json(&session, key, &recorded))
        .collect();
    let reply = Reply::new(json!({ "token": token.uri().to_string(), "keys": json }));
    if keys.is_empty() {
        return Ok(reply.note(format!("The token \"{}\" has no result key.", token.label)));
    }
    Ok(keys.iter().fold(reply, |reply, key| {
        reply.text(to_text(&session, key, &recorded))
    }))
}

pub(super) fn show(context: &mut Context, which: &Which) -> Result<Reply, Failure> {
    let mut pins = which.pins(context)?;
    let chosen = which.choose(context, Some(&mut pins))?;
    let recorded = context.every_key_record()?;
    let session = &chosen.session;
    let json = to_json(session, &chosen.key, &recorded);
    Ok(Reply::new(json!({ "key": json }))
        .text(to_text(session, &chosen.key, &recorded))
        .text(chosen.key.public.to_pem()?.trim_end()))
}

/// The addresses whose current key `key` is.
fn addresses(token: &TokenInfo, key: &ResultKey, recorded: &[KeyRecord]) -> Vec<String> {
    let of_key = recorded.iter().filter(|it| it.is(token, key));
    of_key
        .filter_map(|it| it.address)
        .map(|address| address.to_string())
        .collect()
}

fn to_json(session: &Session, key: &ResultKey, recorded: &[KeyRecord]) -> Value {
    let token = session.token();
    json!({
        "uri": key.uri(token).to_string(),
        "label": key.label,
        "id": hex(&key.id),
        "bits": key.public.bits(),
        "private": key.has_private(),
        "addresses": addresses(token, key, recorded),
        "current": recorded.iter().any(|it| it.is(token, key)),
        "alwaysAuthenticate": key.always_authenticate,
        "token": facts_json(&session.facts(key)),
    })
}

fn to_text(session: &Session, key: &ResultKey, recorded: &[KeyRecord]) -> String {
    let token = session.token();
    let use_of = match addresses(token, key, recorded).as_slice() {
        [] if recorded.iter().any(|it| it.is(token, key)) => "current".to_owned(),
        [] => "no key file here names it".to_owned(),
        addresses => format!("current key of {}", addresses.join(", ")),
    };
    let state = if key.has_private() {
        facts_text(&session.facts(key))
    } else {
        "only its public half is here".into()
    };
    let each_use = if key.always_authenticate {
        ", wants the PIN for each use"
    } else {
        ""
    };
    format!(
        "{}\n  \"{}\", RSA-{}, {use_of}\n  {state}{each_use}",
        key.uri(token),
        key.label,
        key.public.bits(),
    )
}
