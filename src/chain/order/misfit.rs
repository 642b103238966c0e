use alloy_primitives::U256;

use super::kind::Side;
use super::tag::Tag;
use crate::wallet::address::Address;

/// Why an order is of no use for a deal, though the market may list it. The hub would refuse each of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// It is of another app, dataset or workerpool.
    #[error("the order is of the {side} {found}, not of {wanted}")]
    Other {
        /// Whose order it is.
        side: Side,
        /// What is wanted; nobody where none is.
        wanted: Address,
        /// What it is of.
        found: Address,
    },
    /// It is of another chain.
    #[error("the order is of the chain {found}")]
    OtherChain {
        /// The number that the market says.
        found: u64,
    },
    /// It has less than what is asked for.
    #[error("Missing tags [{missing}] in {side}order")]
    MissingTags {
        /// Whose order it is.
        side: Side,
        /// The bits.
        missing: Tag,
    },
    /// It asks for more than the request does.
    #[error("the {side}order asks for [{extra}], which the request does not ask for")]
    ExtraTags {
        /// Whose order it is.
        side: Side,
        /// The bits.
        extra: Tag,
    },
    /// The workerpool is for another category.
    #[error("category mismatch between requestorder ({wanted}) and workerpoolorder ({found})")]
    Category {
        /// What is wanted.
        wanted: U256,
        /// What it is for.
        found: U256,
    },
    /// The chain has no such category.
    #[error("the chain has no category {0}")]
    NoCategory(U256),
    /// The workerpool offers less trust.
    #[error("workerpoolorder trust is too low (expected {wanted}, got {found})")]
    Trust {
        /// What is wanted.
        wanted: U256,
        /// What it offers.
        found: U256,
    },
    /// It costs more than the request offers.
    #[error("{side}maxprice too low (expected {price}, got {max})")]
    Price {
        /// Whose order it is.
        side: Side,
        /// What it costs, in nRLC.
        price: U256,
        /// What is offered at most.
        max: U256,
    },
    /// It is not for everybody.
    #[error("the {side}order is only for the {other} {only}")]
    Restricted {
        /// Whose order it is.
        side: Side,
        /// The side that it restricts.
        other: Side,
        /// The only one, or the contract that lists those that it is for.
        only: Address,
    },
    /// The hub does not know what it is of.
    #[error("No {side} deployed at address {address}")]
    NotDeployed {
        /// Whose order it is.
        side: Side,
        /// The address.
        address: Address,
    },
    /// The owner has not signed it.
    #[error("{side}order invalid sign: {signer} has not signed it")]
    NotSigned {
        /// Whose order it is.
        side: Side,
        /// Who has to.
        signer: Address,
    },
    /// All its tasks are in deals already, or its owner has closed it.
    #[error("{side}order is fully consumed: nothing is left of {volume}")]
    NothingLeft {
        /// Whose order it is.
        side: Side,
        /// How many tasks it was for.
        volume: U256,
    },
    /// The owner of the workerpool has too little at stake.
    #[error(
        "the owner of the workerpool, {owner}, has {there} nRLC deposited and needs {needed} nRLC for its stake"
    )]
    PoolStake {
        /// The owner.
        owner: Address,
        /// What is free of it, in nRLC.
        there: U256,
        /// What is needed.
        needed: U256,
    },
    /// The prices are beyond what can be added up.
    #[error("the prices of the orders are too large")]
    TooDear,
}
