use std::fmt;

use alloy_primitives::{B256, U256, keccak256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tag::Tag;
use crate::chain::poco::{Domain, Id};
use crate::wallet::address::Address;

/// The sides of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Side {
    /// What is run.
    App,
    /// What it is run on.
    Dataset,
    /// Who runs it.
    Workerpool,
    /// Who wants it.
    Requester,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "app",
            Self::Dataset => "dataset",
            Self::Workerpool => "workerpool",
            Self::Requester => "requester",
        })
    }
}

/// An order of one of the four sides. There are no others.
pub trait Order: Clone + fmt::Debug + Serialize + DeserializeOwned + Fields {
    /// Whose order it is.
    const SIDE: Side;

    /// How many tasks it is for, if none were taken yet.
    fn volume(&self) -> U256;

    /// What it asks for, or offers.
    fn tag(&self) -> Tag;

    /// The hash that its owner signs, and that the hub knows it by.
    fn hash(&self, domain: &Domain) -> Id {
        let bytes = [keccak256(Self::TYPE).to_vec(), self.words()].concat();
        domain.hash(keccak256(bytes))
    }
}

/// What an owner offers, or asks for its own.
pub trait Offer: Order {
    /// The app, the dataset or the workerpool that it is of.
    fn what(&self) -> Address;

    /// The price for each task, in nRLC.
    fn price(&self) -> U256;

    /// Who alone may be on each of the other sides; nobody for anybody.
    fn restrictions(&self) -> [(Side, Address); 3];
}

/// The fields in the order in which they are hashed. Only the orders of this module have them.
pub trait Fields {
    /// The type of EIP-712.
    #[doc(hidden)]
    const TYPE: &str;

    /// A word of 32 bytes for each field.
    #[doc(hidden)]
    fn words(&self) -> Vec<u8>;
}

/// What stands for a text where it is hashed.
pub(super) fn word_of(text: &str) -> B256 {
    keccak256(text)
}
