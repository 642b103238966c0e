//! iExec's Secret Management Service: where a beneficiary publishes the public key of a result
//! key, and what is signed for it.

#[cfg(feature = "publish")]
mod api;
#[cfg(feature = "publish")]
mod authorization;
pub mod challenge;
#[cfg(feature = "publish")]
mod client;
#[cfg(feature = "publish")]
mod error;
#[cfg(feature = "publish")]
mod push;
#[cfg(feature = "publish")]
mod status_error;
#[cfg(feature = "publish")]
pub mod value;

#[cfg(feature = "publish")]
pub use authorization::Authorization;
#[cfg(feature = "publish")]
pub use client::SmsClient;
#[cfg(feature = "publish")]
pub use error::{Kind, SmsError};
#[cfg(feature = "publish")]
pub use push::{Prepared, Pushed};
