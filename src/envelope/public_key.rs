use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Oaep, Pkcs1v15Encrypt, RsaPublicKey};

use crate::archive::Scheme;
use crate::text::pem::{PemError, only_block};

/// Largest modulus that a token's key may have, in bits.
const MAX_BITS: usize = 16_384;

/// The public key of a result key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

/// Why something is not a public key that can be used here. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The PEM text is no RSA public key.
    #[error("not an RSA public key in SPKI PEM form (BEGIN PUBLIC KEY): {0}")]
    Pem(String),
    /// Modulus and exponent are no RSA public key.
    #[error("modulus and exponent are no RSA public key: {0}")]
    Components(String),
    /// Wrapping failed: the content key is too long for the modulus, or there is no randomness.
    #[error("wrapping the content key failed: {0}")]
    Wrap(String),
}

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
        RsaPublicKey::new_with_max_size(n, e, MAX_BITS)
            .map(Self)
            .map_err(|error| PublicKeyError::Components(error.to_string()))
    }

    /// A key in SPKI DER form, as it stands in a certificate.
    ///
    /// # Errors
    /// When it is no RSA public key.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        RsaPublicKey::from_public_key_der(der)
            .map(Self)
            .map_err(|error| PublicKeyError::Pem(error.to_string()))
    }

    /// A key in SPKI PEM form, as the SDK writes it to `<address>_key.pub`.
    ///
    /// # Errors
    /// When `pem` is anything else.
    pub fn from_pem(pem: &str) -> Result<Self, PublicKeyError> {
        let unreadable = |error: PemError| PublicKeyError::Pem(error.to_string());
        let block = only_block(pem).map_err(unreadable)?;
        if block.label != "PUBLIC KEY" {
            return Err(PublicKeyError::Pem("it is PEM of another kind".into()));
        }
        Self::from_spki_der(&block.decode().map_err(unreadable)?)
    }

    /// SPKI PEM as the SDK writes it, byte for byte: 64 columns, LF, LF at the end. It is also
    /// the only form that both of the enclave's post-compute programs accept.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, PublicKeyError> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| PublicKeyError::Pem(error.to_string()))
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
    /// SHA-1 for the archives of 2019 (RFC 8017).
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
