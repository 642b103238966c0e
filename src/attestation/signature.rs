//! The signatures that devices and their makers make.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::Encode as _;
use x509_cert::der::asn1::ObjectIdentifier;

use super::certificate::Certificate;
use super::error::ChainFault;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Whether the key in `issuer` has signed `certificate`.
///
/// # Errors
/// [`ChainFault::Signature`], or [`ChainFault::Algorithm`].
pub(super) fn check(certificate: &Certificate, issuer: &Certificate) -> Result<(), ChainFault> {
    let signed = certificate.inner();
    let info = issuer.inner().tbs_certificate().subject_public_key_info();
    let key = info
        .subject_public_key
        .as_bytes()
        .ok_or(ChainFault::Algorithm)?;
    let curve = info.algorithm.parameters.as_ref();
    let curve = curve.and_then(|it| it.decode_as::<ObjectIdentifier>().ok());
    let algorithm = algorithm(signed.signature_algorithm().oid, info.algorithm.oid, curve)
        .ok_or(ChainFault::Algorithm)?;
    let message = signed
        .tbs_certificate()
        .to_der()
        .map_err(|_| ChainFault::Signature)?;
    let signature = signed.signature().as_bytes().ok_or(ChainFault::Signature)?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(&message, signature)
        .map_err(|_| ChainFault::Signature)
}

fn algorithm(
    signature: ObjectIdentifier,
    key: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (signature, key, curve) {
        (RSA_SHA256, RSA, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA_SHA384, RSA, _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA_SHA512, RSA, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (ECDSA_SHA256, EC, Some(P256)) => &signature::ECDSA_P256_SHA256_ASN1,
        (ECDSA_SHA384, EC, Some(P256)) => &signature::ECDSA_P256_SHA384_ASN1,
        (ECDSA_SHA256, EC, Some(P384)) => &signature::ECDSA_P384_SHA256_ASN1,
        (ECDSA_SHA384, EC, Some(P384)) => &signature::ECDSA_P384_SHA384_ASN1,
        (ED25519, ED25519, _) => &signature::ED25519,
        _ => return None,
    })
}
