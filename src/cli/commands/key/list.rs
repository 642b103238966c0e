use serde_json::{Value, json};

use super::describe::Described;
use crate::agent::client::ClientError;
use crate::cli::agent_beside::{keys_of, to_read_by};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::token::{ResultKey, Session};

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let recorded = context.every_key_record()?;
    if let Some(link) = to_read_by(context, &recorded) {
        match of_agent(context, link, &recorded) {
            Ok(reply) => return Ok(reply),
            Err(error) => context.note_passed_agent(error.to_string()),
        }
    }
    of_token(context, &recorded)
}

fn of_agent(
    context: &Context,
    mut link: Link,
    recorded: &KeyRecords,
) -> Result<Reply, ClientError> {
    let keys = keys_of(context, &mut link)?;
    let keys = keys.iter().map(|key| Described::of_agent(key, recorded));
    Ok(reply(&link.status.token, &link.status.label, keys))
}

fn of_token(context: &Context, recorded: &KeyRecords) -> Result<Reply, Failure> {
    let (module, token) = context.locate(recorded)?;
    let mut pins = context.pins()?;
    let session = Session::open_user(&module, &token, &mut pins)?;
    let keys = session.result_keys()?;
    let missing = keys.is_empty() && recorded.any(|it| it.is_on(&token));
    let described = keys
        .iter()
        .map(|key| Described::of_token(&session, key, recorded));
    let reply = reply(&token.uri().to_string(), &token.label, described);
    let reply = match missing {
        true => reply.note(
            "A key file names one on it: `iexec-hsm doctor --login` checks what happened to it.",
        ),
        false => reply,
    };
    if session.needs_no_login() && !keys.iter().any(ResultKey::has_private) {
        return Ok(reply.note(hints::IF_NEEDED));
    }
    Ok(reply)
}

fn reply(token: &str, label: &str, keys: impl Iterator<Item = Described>) -> Reply {
    let keys: Vec<Described> = keys.collect();
    let json: Vec<Value> = keys.iter().map(Described::json).collect();
    let reply = Reply::new(json!({ "token": token, "keys": json }));
    if keys.is_empty() {
        return reply.note(format!("The token {label:?} has no result key."));
    }
    keys.iter().fold(reply, |reply, key| reply.text(key.text()))
}
