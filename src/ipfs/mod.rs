//! Files in IPFS: their addresses, whether bytes are those of an address, and the gateways that have them.
//!
//! Nothing here trusts a gateway: what it sends is checked against the address while it comes.

mod cid;
mod computed;
mod encoded;
mod location;
mod varint;

pub use cid::{Cid, CidError, Codec};
pub use location::{Location, LocationError};
