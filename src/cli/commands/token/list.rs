use serde_json::{Value, json};

use super::describe::{to_json, to_text};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let module = context.module()?;
    let tokens = module.tokens()?;
    let json: Vec<Value> = tokens.iter().map(to_json).collect();
    let reply = Reply::new(json!({ "module": module.path(), "tokens": json }));
    let reply = reply.note(format!("Module {}", module.path().shown()));
    if tokens.is_empty() {
        return Ok(reply.note("It shows no token."));
    }
    Ok(tokens
        .iter()
        .fold(reply, |reply, token| reply.text(to_text(token))))
}
