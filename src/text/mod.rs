//! Forms of text: encodings, hexadecimal digits, PEM, and what a terminal may see.

pub(crate) mod encoding;
pub(crate) mod escape;
pub(crate) mod hex;
pub(crate) mod pem;
