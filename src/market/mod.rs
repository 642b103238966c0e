//! iExec's market: the deals that it knows of, and the orders that it lists. What it says is a hint, to be held against the
//! chain.

mod answer;
mod book;
mod choice;
mod choice_error;
mod client;
mod error;
mod query;
mod terms;

#[cfg(fuzzing)]
pub(crate) use answer::read_page;
#[cfg(fuzzing)]
pub(crate) use book::{BookPage, read_book};
pub use choice::{Choice, Step};
pub use choice_error::ChoiceError;
pub use client::{Market, NewestDeal};
pub use error::MarketError;
pub use terms::Terms;
