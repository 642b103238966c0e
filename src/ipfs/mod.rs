//! Files in IPFS: their addresses, whether bytes are those of an address, and the gateways that have them.
//!
//! Nothing here trusts a gateway: what it sends is checked against the address while it comes.

mod car;
mod car_form;
mod cid;
mod computed;
mod content_range;
mod encoded;
mod error;
mod filling;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod gateway;
mod gateways;
mod job;
mod local;
mod location;
mod node;
mod plain_form;
mod types;
mod varint;
mod verified;

pub use car::CarError;
pub use cid::{Cid, CidError, Codec};
pub use error::{FetchError, GatewayError, Words};
pub use gateways::Gateways;
pub use location::{Location, LocationError};
pub use node::NodeError;
pub use types::{CidCheck, Fetched, GatewayOptions, Progress};
