//! The key agent: one process of a user that holds the logged-in token, and unwraps for the others.
//!
//! It speaks HTTP/1.1 with JSON over a Unix socket, so that a program in any language can use it;
//! `docs/agent-openapi.json` is the description. [`client`] is how others talk to
//! an agent; `server`, with the feature `agent-server`, is the agent itself.

pub mod client;
#[cfg(feature = "agent-server")]
pub mod server;
pub mod wire;
