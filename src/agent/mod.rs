//! The key agent: one process of a user that holds the logged-in token, and unwraps for the others.
//!
//! It speaks HTTP/1.1 with JSON over a Unix socket, so that a program in any language can use it;
//! `docs/agent-openapi.json` is the description. `server` is the agent, which only the program
//! starts; [`client`] is how others talk to one.

pub mod client;
pub(crate) mod server;
pub mod wire;
