//! iExec's own SDK as the other publisher: the same wallet, the same key, the same SMS. What both send is compared, and
//! each finds what the other has published.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

#[path = "interop_sms/chains.rs"]
mod chains;
#[path = "interop_sms/keys.rs"]
mod keys;
#[path = "interop_sms/ours.rs"]
mod ours;
#[path = "interop_sms/requests.rs"]
mod requests;
#[path = "interop_sms/side.rs"]
mod side;
#[path = "interop_sms/wallets.rs"]
mod wallets;
