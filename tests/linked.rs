//! Tests that call the library. A crate of their own, so that those of the program need not be built again with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod examples;
mod library;
mod sms_client;
mod support;
mod verbose;
mod wallets;
mod wycheproof;
