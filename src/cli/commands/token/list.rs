use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::describe::{to_json, to_text};
use super::held::Held;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;
use crate::token::TokenInfo;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let listed = match context.named_module() {
        Some(path) => of_module(context, &path),
        None => of_all(context),
    };
    let shown = listed.as_ref().map_or(&[][..], |it| &it.tokens);
    let Some(held) = Held::unless_among(context, shown) else {
        return listed.map(|listed| listed.reply(None));
    };
    // A device that lets in one process only shows nothing beside the agent.
    let listed = listed.unwrap_or_default();
    Ok(listed.reply(Some(&held)).text(held.text()))
}

/// The tokens that were found, each with its module.
#[derive(Default)]
struct Listed {
    /// The module that is named, or that a command takes where nothing else decides.
    module: Option<PathBuf>,
    is_named: bool,
    tokens: Vec<(PathBuf, TokenInfo)>,
}

impl Listed {
    fn reply(self, held: Option<&Held>) -> Reply {
        let tokens = self.tokens.iter().map(|(path, token)| json_by(token, path));
        let json: Vec<Value> = tokens.chain(held.map(Held::json)).collect();
        let module = self.module.as_deref().or(held.map(Held::module));
        let mut reply = Reply::new(json!({ "module": module, "tokens": json }));
        if let (Some(path), true) = (&self.module, self.is_named) {
            reply = reply.note(format!("Module {}", path.shown()));
        }
        if self.tokens.is_empty() && held.is_none() {
            return reply.note("It shows no token.");
        }
        let is_named = self.is_named;
        self.tokens.iter().fold(reply, |reply, (path, token)| {
            reply.text(match is_named {
                true => to_text(token),
                false => format!("{}\n  module {}", to_text(token), path.shown()),
            })
        })
    }
}

fn of_module(context: &Context, path: &Path) -> Result<Listed, Failure> {
    let module = context.load(path)?;
    let tokens = module.examined(module.tokens()?).into_iter();
    Ok(Listed {
        module: Some(path.to_owned()),
        is_named: true,
        tokens: tokens.map(|token| (path.to_owned(), token)).collect(),
    })
}

/// The tokens of all modules that are found, each with the one that drives it.
fn of_all(context: &Context) -> Result<Listed, Failure> {
    let tokens = context.every_token()?;
    let first = tokens.iter().find(|(_, token)| token.initialised());
    let module = first.or(tokens.first()).map(|(path, _)| path.clone());
    Ok(Listed {
        module,
        is_named: false,
        tokens,
    })
}

fn json_by(token: &TokenInfo, module: &Path) -> Value {
    let mut json = to_json(token);
    json["module"] = json!(module);
    json
}
