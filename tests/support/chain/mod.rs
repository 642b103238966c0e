//! A real chain with iExec's contracts, one for each test, and tasks of every kind on it.

mod contracts;
mod kinds;
mod market;
mod node;
pub mod proofs;
mod tasks;
mod who;

pub use kinds::{Kind, every_kind};
pub use market::Market;
pub use node::Node;
pub use tasks::{Ask, Chain, Deal, on_ipfs};
pub use who::Who;

/// The number of the chain.
pub const CHAIN_ID: u64 = 65_535;
