//! Orders: what owners offer and requesters ask for. Each is signed alone (EIP-712), and four that fit make a deal.

mod abi;
mod app;
mod dataset;
mod json;
mod kind;
mod orders;
mod request;
mod signed;
mod tag;
mod workerpool;

pub use app::AppOrder;
pub use dataset::DatasetOrder;
pub use json::OrderJsonError;
pub use kind::{Order, Side};
pub use orders::Orders;
pub use request::RequestOrder;
pub use signed::{SignError, Signed, salt};
pub use tag::{Tag, TagError};
pub use workerpool::WorkerpoolOrder;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
