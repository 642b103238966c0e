use rsa::pkcs1;
use rsa::pkcs1::der::Decode as _;
use rsa::pkcs8::SubjectPublicKeyInfoRef;

use super::{PublicKey, PublicKeyError};
use crate::envelope::foreign_key::ForeignKey;
use crate::text::pem::{PemError, holds_private_key, only_block};

impl PublicKey {
    /// The one RSA public key in a text, as the SDK writes it to `<address>_key.pub` (SPKI PEM), or
    /// in PKCS#1 PEM; with any line ends, columns and escapes, and with any text around it.
    ///
    /// # Errors
    /// When the text holds a private key, anything else than one public key, or a key that is not RSA.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, PublicKeyError> {
        let text = text.as_ref();
        // Asked first, and of every line, so that no damage makes a private key look like something else.
        if holds_private_key(text) {
            return Err(PublicKeyError::Private);
        }
        let block =
            only_block(text, holds_key).map_err(|error| match ForeignKey::in_text(text) {
                Some(foreign) if error == PemError::None => PublicKeyError::Foreign(foreign),
                _ => error.into(),
            })?;
        match block.label {
            "PUBLIC KEY" => Self::from_spki_der(&block.decode()?),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(&block.decode()?),
            other => Err(PublicKeyError::Foreign(ForeignKey::from_label(other))),
        }
    }

    /// The key in SPKI DER form, as it stands in a certificate.
    ///
    /// # Errors
    /// When it is no RSA public key of at most 16384 bits.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| {
            PublicKeyError::Damaged("it is not the SPKI that its first line promises")
        })?;
        let algorithm = spki.algorithm.oid;
        if algorithm != pkcs1::ALGORITHM_OID {
            return Err(PublicKeyError::Foreign(ForeignKey::of_algorithm(algorithm)));
        }
        let numbers = spki.subject_public_key.as_bytes();
        Self::from_pkcs1_der(numbers.unwrap_or_default())
    }

    fn from_pkcs1_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let numbers = pkcs1::RsaPublicKey::from_der(der)
            .map_err(|_| PublicKeyError::Damaged("its numbers cannot be read"))?;
        Self::from_components(
            numbers.modulus.as_bytes(),
            numbers.public_exponent.as_bytes(),
        )
    }
}

/// Whether a block with this label holds a key.
fn holds_key(label: &str) -> bool {
    label.contains("KEY") || label.contains("CERTIFICATE")
}

#[cfg(test)]
mod tests;
