//! Forms of text: bytes as digits, and what a terminal may see.

pub(crate) mod escape;
pub(crate) mod hex;
