//! The way from a certificate to a root.

use std::time::SystemTime;

use x509_cert::der::asn1::ObjectIdentifier;

use super::certificate::Certificate;
use super::error::{AttestationError, ChainFault};
use super::signature;

/// As many certificates as a chain may have; those of the makers have three to five.
const LONGEST: usize = 8;

/// What the names of devices' own certificates begin with: some of the YubiKey 4 series say nothing of being an authority.
const DEVICES: [&str; 2] = ["CN=Yubico PIV Attestation", "CN=YubiHSM Attestation ("];

/// Basic constraints and key usage, which are looked at.
const KNOWN: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
];

/// The subjects from `certificate` to one of the `roots`, each signed by the next one, which may do so. A root is believed
/// because somebody named it; so is nothing else.
pub(super) fn to_root(
    certificate: &Certificate,
    given: &[Certificate],
    roots: &[Certificate],
    now: SystemTime,
) -> Result<Vec<String>, AttestationError> {
    let failed = |at: &Certificate, fault| AttestationError::Chain {
        subject: at.subject(),
        fault,
    };
    let mut chain = vec![certificate.subject()];
    let mut at = certificate;
    loop {
        check_itself(at, now).map_err(|fault| failed(at, fault))?;
        let (issuer, is_root) = issuer_of(at, given, roots).map_err(|fault| failed(at, fault))?;
        check_authority(issuer, chain.len() - 1).map_err(|fault| failed(issuer, fault))?;
        chain.push(issuer.subject());
        at = issuer;
        if is_root {
            check_itself(at, now).map_err(|fault| failed(at, fault))?;
            return Ok(chain);
        }
        if chain.len() >= LONGEST {
            return Err(failed(at, ChainFault::TooLong));
        }
    }
}

/// Who has signed it, roots first.
fn issuer_of<'a>(
    at: &Certificate,
    given: &'a [Certificate],
    roots: &'a [Certificate],
) -> Result<(&'a Certificate, bool), ChainFault> {
    let roots = roots.iter().map(|it| (it, true));
    let all = roots.chain(given.iter().map(|it| (it, false)));
    let mut fault = ChainFault::NoIssuer;
    for (issuer, is_root) in all {
        // One that has issued itself leads nowhere.
        if !at.is_issued_by(issuer) || (!is_root && issuer == at) {
            continue;
        }
        match signature::check(at, issuer) {
            Ok(()) => return Ok((issuer, is_root)),
            Err(found) => fault = found,
        }
    }
    Err(fault)
}

fn check_itself(certificate: &Certificate, now: SystemTime) -> Result<(), ChainFault> {
    if !certificate.is_valid_at(now) {
        Err(ChainFault::Time)
    } else if certificate.has_other_critical(&KNOWN) {
        Err(ChainFault::Extension)
    } else {
        Ok(())
    }
}

/// Whether it may issue one with so many authorities below itself. Without that whoever has a key in a device, which
/// leads to the same root, could sign for any other key with it.
fn check_authority(issuer: &Certificate, below: usize) -> Result<(), ChainFault> {
    let constraints = issuer
        .basic_constraints()
        .map_err(|()| ChainFault::NotAnAuthority)?;
    let is_authority = constraints
        .as_ref()
        .map_or_else(|| is_device(issuer), |it| it.ca);
    if !is_authority || !issuer.may_sign_certificates() {
        return Err(ChainFault::NotAnAuthority);
    }
    match constraints.and_then(|it| it.path_len_constraint) {
        Some(most) if below > usize::from(most) => Err(ChainFault::TooLong),
        _ => Ok(()),
    }
}

/// Whether it is named as a device's own certificate is. Those of keys in it have other names, which the device gives.
fn is_device(certificate: &Certificate) -> bool {
    let subject = certificate.subject();
    DEVICES.iter().any(|name| subject.starts_with(name))
}
