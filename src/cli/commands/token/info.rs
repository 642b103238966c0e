use clap::Args;
use serde_json::{Value, json};

use super::describe::{to_json, to_text};
use super::mechanisms;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;
use crate::token::Mechanism;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm token info --token demo\n  iexec-hsm token info --all"
)]
pub(crate) struct Info {
    /// Also list the mechanisms that are not used
    #[arg(long)]
    all: bool,
}

pub(super) fn run(context: &Context, options: &Info) -> Result<Reply, Failure> {
    let (module, token) = context.locate(&KeyRecords::default())?;
    let all = module.mechanisms(&token)?;
    let mechanisms: Vec<_> = all.iter().map(mechanism_json).collect();
    let reply = Reply::new(to_json(&token))
        .with(json!({ "module": module.path(), "mechanisms": mechanisms }))
        .note(format!("Module {}", module.path().shown()))
        .text(to_text(&token));
    let reply = mechanisms::used(&all).fold(reply, Reply::text);
    if options.all {
        return Ok(mechanisms::others(&all).fold(reply, Reply::text));
    }
    let others = mechanisms::others(&all).count();
    Ok(reply.remark(format!(
        "{others} more mechanisms, which are not used, are listed with --all"
    )))
}

fn mechanism_json(mechanism: &Mechanism) -> Value {
    json!({
        "name": mechanism.name,
        "minKeySize": mechanism.key_size.0,
        "maxKeySize": mechanism.key_size.1,
        "decrypt": mechanism.decrypt,
        "generateKeyPair": mechanism.generate_key_pair,
    })
}
