//! Everything that knows about PKCS#11 tokens.

pub mod uri;
