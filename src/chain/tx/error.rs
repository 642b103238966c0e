use alloy_primitives::U256;

use crate::chain::poco::Id;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Why a transaction was not sent, or came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TxError {
    /// The node cannot be asked, or refuses.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// The contract refuses; nothing was sent.
    #[error("the contract would refuse it: {reason}")]
    WouldRevert {
        /// Its words, and what they mean.
        reason: String,
    },
    /// The account cannot pay for it; nothing was sent.
    #[error(
        "{address} has {there} wei and needs up to {needed} wei for the transaction and its gas"
    )]
    Gas {
        /// The account.
        address: Address,
        /// What it has.
        there: U256,
        /// What it needs at most.
        needed: U256,
    },
    /// The price of gas went up before the transaction was sent; nothing was sent.
    #[error("the node takes no transaction at this price of gas: {message}")]
    FeeTooLow {
        /// The node's words.
        message: String,
    },
    /// The node does not take it; nothing was sent.
    #[error("the node did not take the transaction: {message}")]
    NotTaken {
        /// The node's words.
        message: String,
    },
    /// It is in a block, and changed nothing but the money for gas.
    #[error("the contract refused the transaction {hash}: {reason}")]
    Reverted {
        /// The hash.
        hash: Id,
        /// The contract's words, and what they mean.
        reason: String,
    },
    /// Another transaction of the same account took its number, so this one can never be in a block.
    #[error("another transaction of {address} took the place of {hash}, which has no effect")]
    Replaced {
        /// The account.
        address: Address,
        /// The hash.
        hash: Id,
    },
    /// It is not known whether it will be in a block.
    #[error("the outcome of the transaction {hash} is not known yet")]
    Unknown {
        /// The hash.
        hash: Id,
        /// Why, where a node gave a reason.
        source: Option<Box<RpcError>>,
    },
}
