//! Who the beneficiary is, and who signs for it.

pub mod address;
mod address_field;
pub mod eip191;
mod error;
mod keystore;
pub mod keystore_v3;
pub(crate) mod locate;
pub mod on_token;
mod public_key;
pub mod sign;
pub mod signature;
pub mod software;
pub mod wallet_file;

pub use error::{BrokenJson, LocateError};
