use clap::Args;
use serde_json::json;

use crate::chain::money::{coins, rlc};
use crate::chain::poco::U256;
use crate::chain::tx;
use crate::cli::commands::task::row;
use crate::cli::context::Context;
use crate::cli::node::NodeArgs;
use crate::cli::options::groups;
use crate::cli::signer::owner;
use crate::cli::token_sessions::TokenSessions;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::wallet::address::Address;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm account show\n  iexec-hsm account show 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --chain arbitrum-mainnet"
)]
pub(crate) struct Show {
    /// The address [default: that of the wallet]
    #[arg(value_name = "ADDRESS")]
    address: Option<Address>,
    #[command(flatten)]
    payer: groups::Payer,
    #[command(flatten)]
    node: NodeArgs,
}

pub(super) fn run(context: &Context, command: &Show) -> Result<Reply, Failure> {
    let place = command.node.place_for_reading(context)?;
    let address = match command.address {
        Some(address) => address,
        None => owner(context, &mut TokenSessions::new(context)?)?,
    };
    let failed = |error| place.failure(error);
    let account = place.hub.account(address).map_err(failed)?;
    let wei = tx::coins(&place.hub, address).map_err(failed)?;
    let is_native = place.chain.entry.native == Some(true);
    let nrlc = match is_native {
        true => wei / U256::from(1_000_000_000),
        false => {
            let token = place.hub.token().map_err(failed)?;
            place.hub.token_balance(token, address).map_err(failed)?
        }
    };
    let reply = Reply::new(json!({
        "balance": {
            "stake": account.stake.to_string(),
            "locked": account.locked.to_string(),
        },
        "address": address.to_string(),
        "walletBalance": { "wei": wei.to_string(), "nRLC": nrlc.to_string() },
    }));
    let mut lines = vec![
        row("account", address),
        row("free", rlc(account.stake)),
        row("locked", rlc(account.locked)),
        row("wallet", rlc(nrlc)),
    ];
    if !is_native {
        lines.push(row("for gas", format_args!("{} ETH", coins(wei))));
    }
    Ok(lines.into_iter().fold(reply, Reply::text))
}
