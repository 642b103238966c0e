//! Forms of text: hexadecimal digits, PEM, and what a terminal may see.

pub(crate) mod escape;
pub(crate) mod hex;
pub(crate) mod pem;
