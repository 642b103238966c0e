use std::path::Path;

use serde_json::{Value, json};

use super::describe::{to_json, to_text};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;
use crate::token::TokenInfo;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    match context.named_module() {
        Some(path) => of_module(context, &path),
        None => of_all(context),
    }
}

fn of_module(context: &Context, path: &Path) -> Result<Reply, Failure> {
    let module = context.load(path)?;
    let tokens = module.examined(module.tokens()?);
    let json: Vec<Value> = tokens.iter().map(|token| json_by(token, path)).collect();
    let reply = Reply::new(json!({ "module": path, "tokens": json }));
    let reply = reply.note(format!("Module {}", path.shown()));
    if tokens.is_empty() {
        return Ok(reply.note("It shows no token."));
    }
    Ok(tokens
        .iter()
        .fold(reply, |reply, token| reply.text(to_text(token))))
}

/// The tokens of all modules that are found, each with the one that drives it.
fn of_all(context: &Context) -> Result<Reply, Failure> {
    let all = context.every_token()?;
    // Where nothing else decides, a command takes the first one that is set up.
    let first = all.iter().find(|(_, token)| token.initialised());
    let module = first.or(all.first()).map(|(path, _)| path);
    let json: Vec<Value> = all
        .iter()
        .map(|(path, token)| json_by(token, path))
        .collect();
    let reply = Reply::new(json!({ "module": module, "tokens": json }));
    Ok(all.iter().fold(reply, |reply, (path, token)| {
        reply.text(format!("{}\n  module {}", to_text(token), path.shown()))
    }))
}

fn json_by(token: &TokenInfo, module: &Path) -> Value {
    let mut json = to_json(token);
    json["module"] = json!(module);
    json
}
