mod error;
mod from_text;

use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Oaep, Pkcs1v15Encrypt, RsaPublicKey};

pub use error::PublicKeyError;

use crate::archive::Scheme;

/// Smallest modulus of a result key, in bits. Enclaves take less, which is not safe.
const MIN_RESULT_BITS: usize = 2048;
/// Largest modulus that all enclaves take, in bits.
const MAX_RESULT_BITS: usize = 4096;
/// Largest modulus of a key that is read at all, in bits.
const MAX_BITS: usize = 16_384;

/// The public key of a result key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

impl PublicKey {
    /// A key of big-endian `modulus` and `exponent`; leading zeros are ignored.
    ///
    /// # Errors
    /// When these are no RSA public key of at most 16384 bits.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let (n, e) = (
            BigUint::from_bytes_be(modulus),
            BigUint::from_bytes_be(exponent),
        );
        if n.bits() > MAX_BITS {
            return Err(PublicKeyError::TooLarge { bits: n.bits() });
        }
        RsaPublicKey::new_with_max_size(n, e, MAX_BITS)
            .map(Self)
            .map_err(|error| PublicKeyError::Components(error.to_string()))
    }

    /// SPKI PEM as the SDK writes it, byte for byte: 64 columns, LF, LF at the end. It is also
    /// the only form that both of the enclave's post-compute programs accept.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, PublicKeyError> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| PublicKeyError::Encode(error.to_string()))
    }

    /// Refuses a key of a size that no result should be sealed for.
    ///
    /// # Errors
    /// When the modulus has fewer than 2048 or more than 4096 bits.
    pub fn check_size(&self) -> Result<(), PublicKeyError> {
        match self.bits() {
            bits @ ..MIN_RESULT_BITS => Err(PublicKeyError::TooSmall { bits }),
            bits if bits > MAX_RESULT_BITS => Err(PublicKeyError::TooLarge { bits }),
            _ => Ok(()),
        }
    }

    /// Modulus size in bits.
    pub fn bits(&self) -> usize {
        self.0.n().bits()
    }

    /// Modulus size in bytes, which is the length of everything this key wraps.
    pub fn modulus_len(&self) -> usize {
        self.0.size()
    }

    /// The modulus, big-endian, without leading zeros.
    pub fn modulus(&self) -> Vec<u8> {
        self.0.n().to_bytes_be()
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn exponent(&self) -> Vec<u8> {
        self.0.e().to_bytes_be()
    }

    /// Whether the big-endian `number` is below the modulus, as RFC 8017 demands of a ciphertext.
    pub fn is_below_modulus(&self, number: &[u8]) -> bool {
        BigUint::from_bytes_be(number) < *self.0.n()
    }

    /// Wraps `secret` as the enclave of `scheme` does: RSAES-PKCS1-v1_5, or RSAES-OAEP with
    /// SHA-1 for the archives in the guide-2019 format (RFC 8017).
    ///
    /// # Errors
    /// When `secret` is too long for this key.
    pub fn wrap(&self, scheme: Scheme, secret: &[u8]) -> Result<Vec<u8>, PublicKeyError> {
        match scheme {
            Scheme::Guide2019 => self
                .0
                .encrypt(&mut OsRng, Oaep::new::<sha1::Sha1>(), secret),
            Scheme::Current | Scheme::LegacyEcb => {
                self.0.encrypt(&mut OsRng, Pkcs1v15Encrypt, secret)
            }
        }
        .map_err(|error| PublicKeyError::Wrap(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
