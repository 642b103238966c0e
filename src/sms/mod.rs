//! iExec's Secret Management Service: where a beneficiary publishes the public half of a result
//! key, and what is signed for it.

pub mod challenge;
mod client;
pub mod value;

pub use client::{
    Authorization, Client, Exchange, Kind, Limits, Options, Prepared, Pushed, SmsError,
};
