use super::error::MarketError;
use crate::chain::order::{Misfit, Side};
use crate::chain::poco::U256;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Why no orders were chosen. Where the SDK has words for it, the text begins with them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// The market cannot be asked.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The node cannot be asked.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// The hub does not know an address.
    #[error("No {side} deployed at address {address}")]
    NotDeployed {
        /// What it was said to be.
        side: Side,
        /// The address.
        address: Address,
    },
    /// No order of the app or the dataset can be used.
    #[error("No order available for {side} {address}{}", why(.nearest))]
    NoOrder {
        /// What is wanted.
        side: Side,
        /// The address.
        address: Address,
        /// What is in the way of the cheapest that the market lists.
        nearest: Option<Box<Misfit>>,
    },
    /// No workerpool's order can be used.
    #[error("No workerpoolorder matching your conditions {}{}", within(.category), why(.nearest))]
    NoWorkerpool {
        /// The category that was named.
        category: Option<U256>,
        /// What is in the way of the cheapest that the market lists.
        nearest: Option<Box<Misfit>>,
    },
    /// There is a need for the market, and it is not known where it is.
    #[error(
        "the market of the chain is not known, and the order of the {0} has to come from there"
    )]
    NoMarket(Side),
}

fn why(nearest: &Option<Box<Misfit>>) -> String {
    match nearest {
        Some(misfit) => format!("; of the cheapest that is listed: {misfit}"),
        None => "; the market lists none".to_owned(),
    }
}

fn within(category: &Option<U256>) -> String {
    match category {
        Some(category) => format!("available in category {category}"),
        None => "currently available".to_owned(),
    }
}
