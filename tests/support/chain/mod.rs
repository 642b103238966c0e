//! A real chain with iExec's contracts, one for each test, and tasks of every kind on it.

mod apps;
mod books;
pub mod contracts;
mod kinds;
mod ledger;
mod market;
mod node;
pub mod proofs;
mod requester;
mod signing;
mod tasks;
mod who;
mod world;

pub use books::{Books, Is};
pub use kinds::{Kind, every_kind};
pub use market::Market;
pub use node::Node;
pub use requester::{COST, Requester};
pub use signing::Seen;
pub use tasks::{Ask, Chain, Deal, on_ipfs};
pub use who::Who;
pub use world::World;

/// The number of the chain.
pub const CHAIN_ID: u64 = 65_535;
