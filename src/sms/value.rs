//! The form in which a public key is published: the one that every enclave can read.
//!
//! The service stores any text, and an enclave that cannot read it only fails when a task that was
//! paid for runs. The enclave's Java program refuses CRLF and text before the key, its Rust program
//! refuses other columns than 64, missing padding and more than 4096 bits.

mod pem;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

pub use pem::from_pem_text;

use crate::envelope::{PublicKey, PublicKeyError};

/// Smallest modulus that is published, in bits. Enclaves take less, which is not safe.
const MIN_BITS: usize = 2048;
/// Largest modulus that all enclaves read, in bits.
const MAX_BITS: usize = 4096;

/// Why a key cannot be published. Nothing of the text that held it is shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The modulus is too small to be safe.
    #[error("the public key has {bits} bits, and a result is not safe under fewer than {MIN_BITS}")]
    TooSmall {
        /// Size of its modulus, in bits.
        bits: usize,
    },
    /// The modulus is larger than enclaves read.
    #[error("the public key has {bits} bits, and enclaves read at most {MAX_BITS}")]
    TooLarge {
        /// Size of its modulus, in bits.
        bits: usize,
    },
    /// The text holds a private key.
    #[error(
        "this is a private key and must never be published; give the public one, which is in the file that ends in `.pub`"
    )]
    PrivateKey,
    /// The text holds no whole PEM block.
    #[error(
        "there is no public key in it: {0}; give an RSA public key that begins with `-----BEGIN PUBLIC KEY-----`"
    )]
    NoPem(&'static str),
    /// The text holds another kind of PEM block.
    #[error(
        "this is {0}, and enclaves read only `-----BEGIN PUBLIC KEY-----` (SPKI) with an RSA key{1}"
    )]
    OtherPem(&'static str, &'static str),
    /// The block does not hold what its first line says.
    #[error("the public key is damaged: {0}")]
    Damaged(&'static str),
    /// The key is of another kind.
    #[error("this is {0}, and enclaves encrypt to RSA keys only")]
    NotRsa(&'static str),
    /// The numbers in it are no RSA public key, or cannot be written.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
}

/// The value to publish: one line of padded base64, of the PEM text as the SDK writes it (64
/// columns, LF, LF at the end).
///
/// # Errors
/// When the modulus has fewer than 2048 or more than 4096 bits.
pub fn value(public: &PublicKey) -> Result<String, ValueError> {
    match public.bits() {
        bits @ ..MIN_BITS => Err(ValueError::TooSmall { bits }),
        bits if bits > MAX_BITS => Err(ValueError::TooLarge { bits }),
        _ => Ok(STANDARD.encode(public.to_pem()?)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
