use clap::Args;
use serde_json::json;

use super::amount::Amount;
use crate::chain::money::rlc;
use crate::cli::context::Context;
use crate::cli::sending::{SendArgs, Sender, not_enough};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm account withdraw 1000000000\n  iexec-hsm account withdraw 1.5 RLC"
)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    amount: Amount,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(context: &Context, command: &Withdraw) -> Result<Reply, Failure> {
    let amount = command.amount.nrlc()?;
    let sender = Sender::new(context, &command.send)?;
    let account = sender.place.hub.account(sender.account);
    let account = account.map_err(|error| sender.place.failure(error))?;
    if account.stake < amount {
        return Err(not_enough("the account has", account.stake, amount));
    }
    let call = sender.place.hub.withdraw(amount);
    let mut hash = None;
    context.tell("Making withdraw...");
    sender.send("account withdraw", vec![call], |receipt| {
        hash = Some(receipt.hash)
    })?;
    let json = json!({
        "amount": amount.to_string(),
        "txHash": hash.map(|it| it.to_string()),
    });
    Ok(Reply::new(json).note(format!("{} withdrawn from your iExec account", rlc(amount))))
}
