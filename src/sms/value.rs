//! The form in which a public key is published: the one that every enclave can read.
//!
//! The service stores any text, and an enclave that cannot read it only fails when a task that was
//! paid for runs. The enclave's Java program refuses CRLF and text before the key, its Rust program
//! refuses other columns than 64, missing padding and more than 4096 bits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::envelope::{PublicKey, PublicKeyError};

/// The value to publish: one line of padded base64, of the PEM text as the SDK writes it (64
/// columns, LF, LF at the end).
///
/// # Errors
/// When the modulus has fewer than 2048 or more than 4096 bits.
pub fn value(public: &PublicKey) -> Result<String, PublicKeyError> {
    public.check_size()?;
    Ok(STANDARD.encode(public.to_pem()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
