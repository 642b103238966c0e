use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::sending::{SendArgs, resume};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(
    after_help = "Each transaction is recorded before it is sent. This command looks it up, sends it again if the chain has lost it, and waits until it is done. Nothing is signed.\n\nExample:\n  iexec-hsm account resume"
)]
pub(crate) struct Resume {
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(context: &Context, command: &Resume) -> Result<Reply, Failure> {
    let (_, settled, _) = resume(context, &command.send)?;
    let Some(settled) = settled else {
        return Ok(Reply::new(json!({ "resumed": false })).note("No transaction is open."));
    };
    let reply = Reply::new(json!({
        "resumed": true,
        "sentBy": settled.what,
        "txHash": settled.hash.to_string(),
        "block": settled.block.map(|it| it.to_string()),
    }))
    .note(settled.in_words());
    Ok(match settled.deal {
        Some(deal) => reply
            .with(json!({ "dealid": deal.to_string() }))
            .note(format!("It has made the deal {deal}")),
        None => reply,
    })
}
