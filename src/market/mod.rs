//! iExec's market: the deals that it knows of. What it says is a hint, to be held against the chain.

mod answer;
mod client;
mod error;

#[cfg(fuzzing)]
pub(crate) use answer::read_page;
pub use client::{Market, NewestDeal};
pub use error::MarketError;
