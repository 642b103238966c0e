//! What to do about a transaction that was not sent, or is not settled.

use serde_json::json;

use crate::chain::journal::{Entry, JournalError};
use crate::chain::money::rlc;
use crate::chain::poco::{Id, U256};
use crate::chain::tx::TxError;
use crate::cli::node::Place;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// What finds out what became of a transaction.
const RESUME: &str = "`iexec-hsm account resume` finds out, and sends the same transaction again where the chain has lost it; nothing is paid for twice.";

/// What does so of a deal.
const RESUME_DEAL: &str = "`iexec-hsm app run --resume` finds out and goes on with it, and sends the same transaction again where the chain has lost it; nothing is paid for twice.";

/// The failure of a transaction.
pub(super) fn of(place: &Place, error: TxError) -> Failure {
    let (code, hint, hash) = match error {
        TxError::Node(error) => return place.failure(error),
        TxError::Gas { .. } => (
            Code::InsufficientFunds,
            "Send some of the chain's own coin to this address first; nothing was sent.",
            None,
        ),
        TxError::WouldRevert { .. } | TxError::NotTaken { .. } => {
            (Code::ChainRefused, "Nothing was sent.", None)
        }
        TxError::FeeTooLow { .. } => (
            Code::ChainRefused,
            "The price of gas is rising; try again. Nothing was sent.",
            None,
        ),
        TxError::Unknown { hash, .. } => (Code::OutcomeUnknown, RESUME, Some(hash)),
        TxError::Reverted { hash, .. } => (Code::ChainRefused, "", Some(hash)),
        TxError::Replaced { hash, .. } => (
            Code::ChainRefused,
            "Another program has sent it with the same wallet. Do it again, if it is still wanted.",
            Some(hash),
        ),
    };
    let failure = Failure::new(code, error).hint(hint);
    match hash {
        Some(hash) => failure.with(json!({ "txHash": hash.to_string() })),
        None => failure,
    }
}

/// The failure of a transaction that makes a deal.
pub(super) fn of_deal(failure: Failure, deal: Id) -> Failure {
    let failure = match failure.code {
        Code::OutcomeUnknown => failure.hint(RESUME_DEAL),
        _ => failure,
    };
    failure.with(json!({ "dealid": deal.to_string() }))
}

/// The failure where there is less than is wanted.
pub(crate) fn not_enough(who_has: &str, there: U256, wanted: U256) -> Failure {
    let short = rlc(wanted.saturating_sub(there));
    let what = format!(
        "{who_has} {} and not {}: {short} are missing",
        rlc(there),
        rlc(wanted)
    );
    Failure::new(Code::InsufficientFunds, what).hint("Nothing was sent.")
}

/// The failure where the price of gas has gone up since it was agreed to.
pub(super) fn gas_rose(place: &Place, most: U256, cost: U256) -> Failure {
    let (most, cost) = (place.coins(most), place.coins(cost));
    let what = format!("gas now costs up to {cost}, and {most} were agreed to");
    Failure::new(Code::NotAgreed, what)
        .hint("The price of gas is rising; try again. Nothing was sent.")
}

/// The failure where an earlier transaction has not come to its end.
pub(super) fn unsettled(entry: &Entry) -> Failure {
    let what = format!(
        "the outcome of an earlier transaction, {} ({}), is not known yet",
        entry.hash, entry.what
    );
    let failure = Failure::new(Code::OutcomeUnknown, what);
    match entry.deal() {
        None => failure
            .hint(format!("{RESUME} Nothing new was sent."))
            .with(json!({ "txHash": entry.hash })),
        Some(deal) => failure
            .hint(format!(
                "It makes the deal {deal}. {RESUME_DEAL} Nothing new was sent."
            ))
            .with(json!({ "txHash": entry.hash, "dealid": deal.to_string() })),
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let (code, hint) = match &error {
            JournalError::Busy(_) => (
                Code::ChainRefused,
                "Wait for it: two transactions of one account are sent one after the other. Nothing was sent.",
            ),
            JournalError::Io { .. } => (
                Code::IoFailed,
                "Check the folder and the free space, or name another one with XDG_STATE_HOME; nothing was sent.",
            ),
            JournalError::Exposed(_) => (
                Code::IoFailed,
                "Make the folder yours alone with `chmod 700`, or name another one with XDG_STATE_HOME; nothing was sent.",
            ),
            JournalError::Damaged { .. } => (
                Code::IoFailed,
                "Check the account in a block explorer. Remove the file once you know that none of its transactions is open. Nothing was sent.",
            ),
        };
        Self::new(code, &error).hint(hint)
    }
}
