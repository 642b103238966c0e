//! Transactions: what they cost, how they are signed and sent, and how it is known what became of them.

mod error;
mod node;
mod prepare;
mod rehearse;
mod revert;
mod send;
mod transaction;

pub use error::TxError;
pub use prepare::{fee, prepare};
pub use rehearse::{Rehearsal, rehearse};
pub use revert::{in_words, reason};
pub use send::{Offer, Receipt, offer, receipt, wait, why_reverted};
pub use transaction::{Fee, Signed, Transaction};

use crate::chain::poco::{Hub, U256};
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// The wei that an account has.
///
/// # Errors
/// When the node cannot be asked.
pub fn coins(hub: &Hub, account: Address) -> Result<U256, RpcError> {
    node::Node(hub.rpc()).balance(account)
}
