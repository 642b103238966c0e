//! Orders: what owners offer and requesters ask for. Each is signed alone (EIP-712), and four that fit make a deal.

mod abi;
mod agree;
mod app;
mod checker;
mod dataset;
mod json;
mod kind;
mod matched;
mod misfit;
mod orders;
mod params;
mod request;
mod signed;
mod tag;
mod workerpool;

pub use app::AppOrder;
pub use checker::CheckError;
pub(crate) use checker::{Checker, Sides, owner};
pub use dataset::DatasetOrder;
pub use json::OrderJsonError;
pub use kind::{Offer, Order, Side};
pub use matched::Match;
pub use misfit::Misfit;
pub use orders::Orders;
pub use params::{Params, ParamsError};
pub use request::RequestOrder;
pub use signed::{SignError, Signed, salt};
pub use tag::{Tag, TagError};
pub use workerpool::WorkerpoolOrder;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
