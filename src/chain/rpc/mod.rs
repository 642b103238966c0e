//! A node of a chain, asked by JSON-RPC.

mod answer;
mod client;
mod error;
mod quantity;

#[cfg(fuzzing)]
pub(crate) use answer::{read as read_answer, read_each as read_each_answer};
pub use client::Rpc;
pub use error::{RpcError, RpcKind};
pub(crate) use quantity::quantity;
