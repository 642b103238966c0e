//! iExec's Secret Management Service: what is published there, and what is signed for it.

pub mod challenge;
pub mod value;
