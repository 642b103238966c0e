//! Who the beneficiary is.

pub mod address;
pub mod eip191;
mod keystore;
pub mod locate;
mod wallet_file;
