//! iExec's Secret Management Service: where a beneficiary publishes the public half of a result key.

mod client;

pub use client::{Authorization, Client, Kind, Limits, Options, Pushed, SmsError};
