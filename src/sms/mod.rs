//! iExec's Secret Management Service: where a beneficiary publishes the public key of a result
//! key, and what is signed for it.

mod api;
mod authorization;
pub mod challenge;
mod client;
mod error;
mod push;
mod status_error;
pub mod value;

pub use authorization::Authorization;
pub use client::SmsClient;
pub use error::{Kind, SmsError};
pub use push::{Prepared, Pushed};
