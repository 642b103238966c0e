//! What was sent before, and is gone on with.

use serde_json::json;

use super::args::SendArgs;
use super::slot::slot;
use super::transaction::Sending;
use super::trust;
use crate::chain::journal::{self, LastDeal};
use crate::chain::poco::Id;
use crate::chain::tx;
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::signer::owner;
use crate::cli::token_sessions::TokenSessions;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::wallet::address::Address;

/// What was sent, and is settled.
pub(crate) struct Settled {
    /// What it was for.
    pub(crate) what: String,
    /// The deal that it has made, if it was to make one.
    pub(crate) deal: Option<Id>,
    /// The transaction.
    pub(crate) hash: Id,
    /// Its block; unknown where the deal was made by another transaction.
    pub(crate) block: Option<u64>,
}

impl Settled {
    /// Says where it is.
    pub(crate) fn in_words(&self) -> String {
        let Self { what, hash, .. } = self;
        match self.block {
            Some(block) => format!("The transaction {hash} ({what}) is in block {block}"),
            None => format!("Another transaction than {hash} ({what}) has done the same"),
        }
    }
}

/// Goes on with the transaction that is not settled; nothing where there is none. Of a deal it is the last one then.
pub(crate) fn resume(
    context: &Context,
    args: &SendArgs,
) -> Result<(Place, Option<Settled>, Option<LastDeal>), Failure> {
    let place = args.node.place(context)?;
    trust::agree(context, &args.trust, &place.chain)?;
    let mut sessions = TokenSessions::new(context)?;
    let account = owner(context, &mut sessions)?;
    let slot = slot(&place, account)?;
    let settled = resume_entry(context, args, &place, account, &slot)?;
    Ok((place, settled, slot.last_deal()?))
}

fn resume_entry(
    context: &Context,
    args: &SendArgs,
    place: &Place,
    account: Address,
    slot: &journal::Place,
) -> Result<Option<Settled>, Failure> {
    let Some(entry) = slot.open_entry()? else {
        return Ok(None);
    };
    let Some(signed) = entry.signed() else {
        return Ok(None);
    };
    place.hub.check_identity().map_err(|it| place.failure(it))?;
    context.tell(format_args!(
        "Going on with {} ({})",
        entry.hash, entry.what
    ));
    let hash = signed.hash();
    let settled = |block| Settled {
        what: entry.what.clone(),
        deal: entry.deal(),
        hash,
        block,
    };
    // Whoever has seen the orders can make a deal of them: one, whatever it is made by.
    let is_made = || match entry.deal() {
        Some(deal) => place.hub.deal(deal).map(|it| it.is_some()),
        None => Ok(false),
    };
    if is_made().map_err(|it| place.failure(it))? {
        let receipt = tx::receipt(&place.hub, hash).map_err(|it| place.failure(it))?;
        slot.settle(&context.temporaries, &entry)?;
        return Ok(Some(settled(receipt.map(|it| it.block))));
    }
    let sending = Sending {
        context,
        place,
        account,
        slot,
        args,
        what: &entry.what,
        deal: entry.deal(),
        most_for_gas: None,
    };
    let receipt = match sending.wait(&entry, &signed) {
        Err(failure) if failure.code == Code::ChainRefused && is_made().unwrap_or(false) => {
            slot.settle(&context.temporaries, &entry)?;
            return Ok(Some(settled(None)));
        }
        receipt => receipt?,
    };
    if !receipt.succeeded {
        let what = format!("the contract refused the transaction {}", receipt.hash);
        return Err(Failure::new(Code::ChainRefused, what)
            .with(json!({ "txHash": receipt.hash.to_string() })));
    }
    Ok(Some(settled(Some(receipt.block))))
}
