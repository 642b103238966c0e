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
    after_help = "Examples:\n  iexec-hsm account deposit 1000000000\n  iexec-hsm account deposit 1.5 RLC --wallet 'pkcs11:object=iexec%20wallet'"
)]
pub(crate) struct Deposit {
    #[command(flatten)]
    amount: Amount,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(context: &Context, command: &Deposit) -> Result<Reply, Failure> {
    let amount = command.amount.nrlc()?;
    let sender = Sender::new(context, &command.send)?;
    let (hub, failed) = (&sender.place.hub, |error| sender.place.failure(error));
    let token = match sender.place.chain.entry.native == Some(true) {
        true => None,
        false => Some(hub.token().map_err(failed)?),
    };
    if let Some(token) = token {
        let there = hub.token_balance(token, sender.account).map_err(failed)?;
        if there < amount {
            return Err(not_enough("the wallet has", there, amount));
        }
    }
    let call = hub.deposit(token, amount);
    let mut hash = None;
    context.tell("Making deposit...");
    sender.send("account deposit", vec![call], |receipt| {
        hash = Some(receipt.hash)
    })?;
    let json = json!({
        "amount": amount.to_string(),
        "txHash": hash.map(|it| it.to_string()),
    });
    Ok(Reply::new(json).note(format!("Deposited {} to your iExec account", rlc(amount))))
}
