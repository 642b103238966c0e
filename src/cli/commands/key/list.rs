use serde_json::{Value, json};

use super::describe::{to_json, to_text};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::token::{ResultKey, Session};

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let recorded = context.every_key_record()?;
    let (module, token) = context.locate(&recorded)?;
    let mut pins = context.pins()?;
    let session = Session::open_user(&module, &token, &mut pins)?;
    let keys = session.result_keys()?;
    let json: Vec<Value> = keys
        .iter()
        .map(|key| to_json(&session, key, &recorded))
        .collect();
    let mut reply = Reply::new(json!({ "token": token.uri().to_string(), "keys": json }));
    if session.needs_no_login() && !keys.iter().any(ResultKey::has_private) {
        reply = reply.note(hints::IF_NEEDED);
    }
    if keys.is_empty() {
        return Ok(reply.note(format!("The token {:?} has no result key.", token.label)));
    }
    Ok(keys.iter().fold(reply, |reply, key| {
        reply.text(to_text(&session, key, &recorded))
    }))
}
