//! Who the beneficiary is.

pub mod address;
mod keystore;
pub mod locate;
mod wallet_file;
