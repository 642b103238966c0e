use cryptoki::object::Attribute;
use rsa::RsaPrivateKey;
use rsa::pkcs1::der::Decode as _;
use rsa::pkcs1::{self, DecodeRsaPrivateKey as _, Version};
use rsa::pkcs8::PrivateKeyInfo;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};

use crate::envelope::{ForeignKey, PemError, PublicKey, PublicKeyError};
use crate::text::pem::only_block;

/// An RSA private key in software, as the SDK keeps it. Wiped when dropped.
pub struct SoftwareKey(RsaPrivateKey);

/// A file that holds no software key that can be imported. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareKeyError {
    /// The text is not one whole PEM block.
    #[error("there is no private key in it: {0}")]
    Pem(#[from] PemError),
    /// The text holds something else, which is valid.
    #[error("this is {0}, and an RSA private key is needed")]
    Foreign(ForeignKey),
    /// The key is encrypted.
    #[error("the private key is encrypted")]
    Encrypted,
    /// The key has more primes than PKCS#11 has attributes for.
    #[error("the RSA key has more than two primes, and no token takes such a key")]
    MultiPrime,
    /// The key is damaged.
    #[error("the private key is damaged: {0}")]
    Damaged(&'static str),
    /// The public exponent is one that not every token takes.
    #[error("the public exponent of the key is not 65537")]
    Exponent,
    /// The public key is of no use.
    #[error(transparent)]
    Public(#[from] PublicKeyError),
}

impl SoftwareKey {
    /// The one private key in a text, PKCS#8 or PKCS#1 PEM; with any line ends, columns and
    /// escapes, and with any text around it.
    ///
    /// # Errors
    /// When there is none, or more than one, or it cannot be used.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, SoftwareKeyError> {
        let text = text.as_ref();
        let block =
            only_block(text, is_private).map_err(|error| match ForeignKey::in_text(text) {
                Some(foreign) if error == PemError::None => SoftwareKeyError::Foreign(foreign),
                _ => error.into(),
            })?;
        match block.label {
            label if is_private(label) && block.is_encrypted() => Err(SoftwareKeyError::Encrypted),
            "PRIVATE KEY" | "RSA PRIVATE KEY" => Self::from_der(&block.decode()?),
            other => Err(SoftwareKeyError::Foreign(ForeignKey::from_label(other))),
        }
    }

    /// The key in PKCS#8 or PKCS#1 DER, whichever it is.
    fn from_der(der: &[u8]) -> Result<Self, SoftwareKeyError> {
        let pkcs1 = match PrivateKeyInfo::from_der(der) {
            Ok(info) if info.algorithm.oid == pkcs1::ALGORITHM_OID => info.private_key,
            Ok(info) => {
                let foreign = ForeignKey::of_algorithm(info.algorithm.oid);
                return Err(SoftwareKeyError::Foreign(foreign));
            }
            Err(_) => der,
        };
        let numbers = pkcs1::RsaPrivateKey::from_der(pkcs1)
            .map_err(|_| SoftwareKeyError::Damaged("it is neither PKCS#8 nor PKCS#1"))?;
        let (modulus, exponent) = (numbers.modulus, numbers.public_exponent);
        PublicKey::from_components(modulus.as_bytes(), exponent.as_bytes())?.check_size()?;
        if exponent.as_bytes() != [1, 0, 1] {
            return Err(SoftwareKeyError::Exponent);
        }
        if numbers.version() == Version::Multi {
            return Err(SoftwareKeyError::MultiPrime);
        }
        RsaPrivateKey::from_pkcs1_der(pkcs1)
            .map(Self)
            .map_err(|_| SoftwareKeyError::Damaged("its numbers do not fit together"))
    }

    /// Modulus size in bits.
    pub fn bits(&self) -> usize {
        self.0.n().bits()
    }

    /// The public key.
    ///
    /// # Errors
    /// When that is no usable key.
    pub fn public(&self) -> Result<PublicKey, SoftwareKeyError> {
        let (modulus, exponent) = (self.0.n().to_bytes_be(), self.0.e().to_bytes_be());
        Ok(PublicKey::from_components(&modulus, &exponent)?)
    }

    /// The components of a `C_CreateObject` template (RFC 8017 names: d, p, q, dP, dQ, qInv).
    pub(super) fn components(&self) -> Option<Vec<Attribute>> {
        let key = &self.0;
        let [p, q] = key.primes() else { return None };
        Some(vec![
            Attribute::Modulus(key.n().to_bytes_be()),
            Attribute::PublicExponent(key.e().to_bytes_be()),
            Attribute::PrivateExponent(key.d().to_bytes_be()),
            Attribute::Prime1(p.to_bytes_be()),
            Attribute::Prime2(q.to_bytes_be()),
            Attribute::Exponent1(key.dp()?.to_bytes_be()),
            Attribute::Exponent2(key.dq()?.to_bytes_be()),
            Attribute::Coefficient(key.crt_coefficient()?.to_bytes_be()),
        ])
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoftwareKey(..)")
    }
}

/// Whether a block with this label holds a private key.
fn is_private(label: &str) -> bool {
    label.contains("PRIVATE KEY")
}

#[cfg(test)]
mod tests;
