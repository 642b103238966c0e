//! An X.509 certificate, as far as attestations need it.

use std::time::SystemTime;

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::AttestationError;
use crate::envelope::PublicKey;
use crate::text::pem;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate(CertificateInner<Raw>);

impl Certificate {
    /// A certificate in DER.
    ///
    /// # Errors
    /// When it is none, or not in the one form that DER allows: signed is that very form.
    pub fn from_der(der: &[u8]) -> Result<Self, AttestationError> {
        let refused = |why: String| AttestationError::NotACertificate(why);
        let parsed =
            CertificateInner::<Raw>::from_der(der).map_err(|error| refused(error.to_string()))?;
        let again = parsed
            .to_der()
            .map_err(|error| refused(error.to_string()))?;
        if again != der {
            return Err(refused("it is not DER".to_owned()));
        }
        if parsed.tbs_certificate().signature() != parsed.signature_algorithm() {
            return Err(refused("it names two signature algorithms".to_owned()));
        }
        Ok(Self(parsed))
    }

    /// The certificates in a file: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// When there is none, or one that cannot be read.
    pub fn all_in(content: &[u8]) -> Result<Vec<Self>, AttestationError> {
        let blocks = pem::blocks(content).filter(|block| block.label.ends_with("CERTIFICATE"));
        let in_pem = blocks.map(|block| {
            let der = block
                .decode()
                .map_err(|error| AttestationError::NotACertificate(error.to_string()))?;
            Self::from_der(&der)
        });
        let in_pem = in_pem.collect::<Result<Vec<_>, _>>()?;
        match in_pem.is_empty() {
            true => Ok(vec![Self::from_der(content)?]),
            false => Ok(in_pem),
        }
    }

    /// The name that it is issued for.
    pub fn subject(&self) -> String {
        self.0.tbs_certificate().subject().to_string()
    }

    /// Whether it is for this key.
    pub(super) fn is_for(&self, key: &PublicKey) -> bool {
        let info = self.0.tbs_certificate().subject_public_key_info();
        info.to_der()
            .is_ok_and(|der| PublicKey::from_spki_der(&der).is_ok_and(|it| it == *key))
    }

    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        self.0.tbs_certificate().issuer() == other.0.tbs_certificate().subject()
    }

    pub(super) fn inner(&self) -> &CertificateInner<Raw> {
        &self.0
    }

    /// The content of an extension.
    ///
    /// # Errors
    /// When it is there twice.
    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Result<Option<&[u8]>, ()> {
        let extensions = self.0.tbs_certificate().extensions().into_iter().flatten();
        let mut found = extensions.filter(|it| it.extn_id == oid);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => Ok(Some(one.extn_value.as_bytes())),
            _ => Err(()),
        }
    }

    /// What it says of being an authority; nothing where it does not say.
    pub(super) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, ()> {
        let found = self.0.tbs_certificate().get_extension::<BasicConstraints>();
        Ok(found.map_err(|_| ())?.map(|(_, constraints)| constraints))
    }

    /// Whether its key may sign certificates.
    pub(super) fn may_sign_certificates(&self) -> bool {
        match self.0.tbs_certificate().get_extension::<KeyUsage>() {
            Ok(None) => true,
            Ok(Some((_, usage))) => usage.key_cert_sign(),
            Err(_) => false,
        }
    }

    /// Whether it has a critical extension but those of `known`.
    pub(super) fn has_other_critical(&self, known: &[ObjectIdentifier]) -> bool {
        let extensions = self.0.tbs_certificate().extensions().into_iter().flatten();
        extensions
            .filter(|it| it.critical)
            .any(|it| !known.contains(&it.extn_id))
    }

    pub(super) fn is_valid_at(&self, time: SystemTime) -> bool {
        let validity = self.0.tbs_certificate().validity();
        let (from, to) = (validity.not_before, validity.not_after);
        let time = time.duration_since(SystemTime::UNIX_EPOCH);
        time.is_ok_and(|it| from.to_unix_duration() <= it && it <= to.to_unix_duration())
    }
}
