//! Who the beneficiary is, and who signs for it.

pub mod address;
pub mod eip191;
pub mod key_file;
mod keystore;
pub mod keystore_v3;
pub(crate) mod locate;
pub mod on_token;
mod public_key;
pub mod sign;
pub mod signature;
pub mod software;
mod wallet_file;

pub use wallet_file::BrokenJson;
