use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::sending::{SendArgs, resume};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(
    after_help = "A transaction is written down before it is sent. This looks for it, sends the same one again where the chain has lost it, and waits for its end. Nothing is signed.\n\nExample:\n  iexec-hsm account resume"
)]
pub(crate) struct Resume {
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(context: &Context, command: &Resume) -> Result<Reply, Failure> {
    Ok(match resume(context, &command.send)? {
        None => Reply::new(json!({ "resumed": false })).note("No transaction is open."),
        Some((what, receipt)) => Reply::new(json!({
            "resumed": true,
            "command": what,
            "txHash": receipt.hash.to_string(),
            "block": receipt.block.to_string(),
        }))
        .note(format!(
            "The transaction {} ({what}) is in block {}",
            receipt.hash, receipt.block
        )),
    })
}
