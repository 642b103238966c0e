use serde_json::{Value, json};

use super::shared::{Which, facts_json, facts_text, hex};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::recorded::{Recorded, common_token};
use crate::cli::reply::Reply;
use crate::token::{ResultKey, Session, TokenInfo};

pub(super) fn list(context: &mut Context) -> Result<Reply, Failure> {
    let recorded = context.every_recorded()?;
    let module = context.module()?;
    let token = context.token(&module, common_token(&recorded).as_ref())?;
    let mut pins = context.pins()?;
    let keys = Session::open_user(&module, &token, &mut pins)?.result_keys()?;
    let json: Vec<Value> = keys
        .iter()
        .map(|key| to_json(&token, key, &recorded))
        .collect();
    let reply = Reply::new(json!({ "token": token.uri().to_string(), "keys": json }));
    if keys.is_empty() {
        return Ok(reply.note(format!("The token \"{}\" has no result key.", token.label)));
    }
    Ok(keys.iter().fold(reply, |reply, key| {
        reply.text(to_text(&token, key, &recorded))
    }))
}

pub(super) fn show(context: &mut Context, which: &Which) -> Result<Reply, Failure> {
    let mut pins = which.pins(context)?;
    let chosen = which.choose(context, Some(&mut pins))?;
    let recorded = context.every_recorded()?;
    let token = chosen.session.token();
    let json = to_json(token, &chosen.key, &recorded);
    Ok(Reply::new(json!({ "key": json }))
        .text(to_text(token, &chosen.key, &recorded))
        .text(chosen.key.public.to_pem()?.trim_end()))
}

/// The addresses whose current key `key` is.
fn addresses(token: &TokenInfo, key: &ResultKey, recorded: &[Recorded]) -> Vec<String> {
    let of_key = recorded.iter().filter(|it| it.is(token, key));
    of_key
        .filter_map(|it| it.address)
        .map(|address| address.to_string())
        .collect()
}

fn to_json(token: &TokenInfo, key: &ResultKey, recorded: &[Recorded]) -> Value {
    json!({
        "uri": key.uri(token).to_string(),
        "label": key.label,
        "id": hex(&key.id),
        "bits": key.public.bits(),
        "private": key.has_private(),
        "addresses": addresses(token, key, recorded),
        "current": recorded.iter().any(|it| it.is(token, key)),
        "token": facts_json(&key.facts),
    })
}

fn to_text(token: &TokenInfo, key: &ResultKey, recorded: &[Recorded]) -> String {
    let use_of = match addresses(token, key, recorded).as_slice() {
        [] if recorded.iter().any(|it| it.is(token, key)) => "current".to_owned(),
        [] => "no key file here names it".to_owned(),
        addresses => format!("current key of {}", addresses.join(", ")),
    };
    let state = if key.has_private() {
        facts_text(&key.facts)
    } else {
        "only its public half is here".into()
    };
    format!(
        "{}\n  \"{}\", RSA-{}, {use_of}\n  {state}",
        key.uri(token),
        key.label,
        key.public.bits(),
    )
}
