//! The place of an account in the journal of this user.

use super::failure;
use crate::chain::journal::{self, Journal};
use crate::chain::rpc::RpcError;
use crate::chain::tx;
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::wallet::address::Address;

/// The account's place in the journal.
pub(super) fn slot(place: &Place, account: Address) -> Result<journal::Place, Failure> {
    let Some(chain_id) = place.chain.entry.id else {
        return Err(place.failure(RpcError::NoChainId));
    };
    let folder = state_folder().ok_or_else(|| {
        Failure::new(
            Code::Usage,
            "there is no folder for the journal of transactions",
        )
        .hint("Set HOME or XDG_STATE_HOME.")
    })?;
    Ok(Journal::new(folder).place(chain_id, account)?)
}

/// Requires that what was sent before has come to its end.
pub(super) fn settle(
    context: &Context,
    place: &Place,
    slot: &journal::Place,
) -> Result<(), Failure> {
    let Some(entry) = slot.open_entry()? else {
        return Ok(());
    };
    let found = entry.id().map(|hash| tx::receipt(&place.hub, hash));
    match found.transpose().map_err(|it| place.failure(it))?.flatten() {
        Some(receipt) => {
            let deal = entry.deal().filter(|_| receipt.succeeded);
            let of_deal = deal.map(|it| format!("; it has made the deal {it}"));
            let came_to = match receipt.succeeded {
                true => format!("is in block {}", receipt.block),
                false => "failed: the contract refused it".to_owned(),
            };
            context.tell(format_args!(
                "The transaction {} from before ({}) {came_to}{}",
                entry.hash,
                entry.what,
                of_deal.unwrap_or_default()
            ));
            match receipt.succeeded {
                true => Ok(slot.settle(&context.temporaries, &entry)?),
                false => Ok(slot.clear()?),
            }
        }
        None => Err(failure::unsettled(&entry)),
    }
}

/// `$XDG_STATE_HOME/iexec-hsm`, or `~/.local/state/iexec-hsm`; none without a home.
fn state_folder() -> Option<std::path::PathBuf> {
    let xdg = std::env::var_os("XDG_STATE_HOME").map(std::path::PathBuf::from);
    let xdg = xdg.filter(|folder| folder.is_absolute());
    let folder = xdg.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(folder.join("iexec-hsm"))
}
