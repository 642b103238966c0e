use super::{MAX_RESULT_BITS, MIN_RESULT_BITS};
use crate::envelope::foreign_key::ForeignKey;
use crate::text::pem::PemError;

/// Why something is not a public key that can be used here. Nothing of the text that held it is
/// shown. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The text is not one whole PEM block.
    #[error("there is no RSA public key in it: {0}")]
    Pem(#[from] PemError),
    /// The text holds a private key.
    #[error(
        "this is a private key and must never be published; give the public one, which is in the file that ends in `.pub`"
    )]
    Private,
    /// The key is valid, and of another kind.
    #[error("this is {0}, and enclaves encrypt to RSA keys only")]
    Foreign(ForeignKey),
    /// The block does not hold what its first line says.
    #[error("the public key is damaged: {0}")]
    Damaged(&'static str),
    /// Modulus and exponent are no RSA public key.
    #[error("modulus and exponent are no RSA public key: {0}")]
    Components(String),
    /// The modulus is too small to be safe.
    #[error(
        "the RSA key has {bits} bits, and a result is not safe under fewer than {MIN_RESULT_BITS}"
    )]
    TooSmall {
        /// Size of its modulus, in bits.
        bits: usize,
    },
    /// The modulus is larger than enclaves take.
    #[error("the RSA key has {bits} bits, and enclaves take at most {MAX_RESULT_BITS}")]
    TooLarge {
        /// Size of its modulus, in bits.
        bits: usize,
    },
    /// The key cannot be written.
    #[error("the public key cannot be written: {0}")]
    Encode(String),
    /// Wrapping failed: the content key is too long for the modulus, or there is no randomness.
    #[error("wrapping the content key failed: {0}")]
    Wrap(String),
}
