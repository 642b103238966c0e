//! The beneficiary's address, and the wallets that sign for it.

pub mod address;
#[cfg(feature = "publish")]
mod address_field;
#[cfg(feature = "publish")]
mod content;
pub mod eip191;
#[cfg(feature = "publish")]
mod error;
#[cfg(feature = "publish")]
mod keystore;
#[cfg(feature = "publish")]
pub mod keystore_v3;
#[cfg(feature = "publish")]
pub(crate) mod locate;
pub mod on_token;
mod public_key;
pub mod sign;
pub mod signature;
#[cfg(feature = "chain")]
mod signed_by;
#[cfg(feature = "publish")]
pub mod software;
#[cfg(feature = "publish")]
pub mod wallet_file;

#[cfg(feature = "chain")]
pub use signed_by::signed_by;

#[cfg(feature = "publish")]
pub use error::{ContentError, LocateError};
