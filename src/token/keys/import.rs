use std::sync::Arc;

use cryptoki::object::{Attribute, KeyType, ObjectClass};
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::envelope::PublicKey;
use crate::text::pem::{self, PemError};
use crate::token::keys::fresh_key::FreshKey;
use crate::token::keys::generate::private_template;
use crate::token::session::open::Mode;
use crate::token::{Module, NewKey, PinSource, Remedy, ResultKey, Session, TokenError, TokenInfo};

/// An RSA private key in software, as the SDK keeps it. Wiped when dropped.
pub struct SoftwareKey(RsaPrivateKey);

/// A file that holds no software key that can be imported. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareKeyError {
    /// No PEM private key is in the text.
    #[error(
        "holds no PEM private key (PKCS#8 \"BEGIN PRIVATE KEY\" or PKCS#1 \"BEGIN RSA PRIVATE KEY\")"
    )]
    NoPem,
    /// The key is encrypted.
    #[error("the private key is encrypted")]
    Encrypted,
    /// The key is not an RSA key, or damaged.
    #[error("holds no valid RSA private key")]
    Invalid,
    /// The public exponent is one that not every token takes.
    #[error("the public exponent of the key is not 65537")]
    Exponent,
    /// The size is not usable.
    #[error("the RSA key has {0} bits; 2048 to 4096 can be used")]
    Size(usize),
}

impl SoftwareKey {
    /// The key in `text`, PKCS#8 or PKCS#1 PEM; text around the block and CRLF are tolerated, as
    /// the SDK does.
    ///
    /// # Errors
    /// When there is none, it is encrypted or damaged, or its size is not usable.
    pub fn from_pem(text: &str) -> Result<Self, SoftwareKeyError> {
        let der = private_key(text)?;
        // Both validate it, and take two primes only.
        let key = RsaPrivateKey::from_pkcs8_der(&der)
            .or_else(|_| RsaPrivateKey::from_pkcs1_der(&der))
            .map_err(|_| SoftwareKeyError::Invalid)?;
        if key.e() != &rsa::BigUint::from(65_537_u32) {
            return Err(SoftwareKeyError::Exponent);
        }
        match key.n().bits() {
            2048..=4096 => Ok(Self(key)),
            bits => Err(SoftwareKeyError::Size(bits)),
        }
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
        PublicKey::from_components(&self.0.n().to_bytes_be(), &self.0.e().to_bytes_be())
            .map_err(|_| SoftwareKeyError::Invalid)
    }

    /// The components of a `C_CreateObject` template (RFC 8017 names: d, p, q, dP, dQ, qInv).
    fn components(&self) -> Option<Vec<Attribute>> {
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

/// Brings `key` onto `token`, sensitive and not extractable, checks it as a freshly made one is
/// checked, and returns it.
///
/// # Errors
/// [`TokenError::NotSupported`] when the token takes no keys from outside; login and device errors.
pub fn import(
    module: &Arc<Module>,
    token: &TokenInfo,
    key: &SoftwareKey,
    new: &NewKey,
    pins: &mut dyn PinSource,
) -> Result<(Session, ResultKey), TokenError> {
    let mut session = Session::open_as(module, token, Mode::Write)?;
    let pin = session.login(pins)?;
    let id = session.free_id(new.id.as_deref())?;
    session.create(key, &id, &new.label)?;
    drop(session);
    let fresh = FreshKey {
        module,
        token,
        id: &id,
        label: &new.label,
    };
    fresh.result_key(key.bits(), pin.as_ref(), pins)
}

impl Session {
    fn create(&self, key: &SoftwareKey, id: &[u8], label: &str) -> Result<(), TokenError> {
        let invalid = || not_supported(&self.token.label, "the key has no CRT components");
        let mut private = key.components().ok_or_else(invalid)?;
        let public: Vec<Attribute> = private[..2].to_vec();
        private.extend(private_template(id));
        private.extend([
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Extractable(false),
            Attribute::Label(label.as_bytes().to_vec()),
        ]);
        let created = self.raw.create(&private);
        private.iter_mut().for_each(wipe);
        let handle =
            created.map_err(|error| not_supported(&self.token.label, &error.to_string()))?;
        self.deny_other_uses(handle);
        let mut template = public;
        template.extend([
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Encrypt(true),
            Attribute::Id(id.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ]);
        // The private object shows the modulus too: a token that keeps no public objects will do.
        let _ = self.raw.create(&template);
        Ok(())
    }
}

/// The content of the first PEM private key in `text`.
fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, SoftwareKeyError> {
    let block = pem::blocks(text).find(|it| it.label.ends_with("PRIVATE KEY"));
    let block = block.ok_or(SoftwareKeyError::NoPem)?;
    if block.label.contains("ENCRYPTED") || block.body.contains("ENCRYPTED") {
        return Err(SoftwareKeyError::Encrypted);
    }
    block.decode().map_err(|error| match error {
        PemError::CutOff => SoftwareKeyError::NoPem,
        _ => SoftwareKeyError::Invalid,
    })
}

/// Wipes the private components, which `cryptoki` keeps in plain vectors.
fn wipe(attribute: &mut Attribute) {
    if let Attribute::PrivateExponent(it)
    | Attribute::Prime1(it)
    | Attribute::Prime2(it)
    | Attribute::Exponent1(it)
    | Attribute::Exponent2(it)
    | Attribute::Coefficient(it) = attribute
    {
        it.zeroize();
    }
}

fn not_supported(label: &str, reason: &str) -> TokenError {
    TokenError::NotSupported {
        what: format!("the token {label:?} did not take the key: {reason}"),
        remedy: Remedy::MakeKey,
    }
}

#[cfg(test)]
mod tests;
