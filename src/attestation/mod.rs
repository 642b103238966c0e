//! What a device certifies of a key that was made inside it, and whether that holds: a YubiKey (PIV) or a YubiHSM 2 signs
//! an X.509 certificate for the key, and has one itself that leads to a root of its maker.

mod certificate;
mod chain;
mod error;
mod origin;
mod signature;
mod yubihsm;
mod yubikey;

use std::time::SystemTime;

pub use certificate::Certificate;
pub use error::{AttestationError, ChainFault};
pub use origin::Origin;
pub use yubihsm::YubiHsm;
pub use yubikey::{FormFactor, PinPolicy, TouchPolicy, YubiKey};

use crate::envelope::PublicKey;

/// What was certified of a key, after all of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attestation {
    /// The device, and what it says of the key.
    pub device: Device,
    /// The subjects of the certificates, from that of the key to the root.
    pub chain: Vec<String>,
}

/// The device that has certified a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// A YubiKey, with a key in a slot of its PIV application.
    YubiKey(YubiKey),
    /// A YubiHSM 2.
    YubiHsm(YubiHsm),
}

impl Device {
    /// Its serial number, if the certificate has it.
    pub fn serial(&self) -> Option<u64> {
        match self {
            Self::YubiKey(it) => it.serial,
            Self::YubiHsm(it) => Some(it.serial),
        }
    }

    fn of(certificate: &Certificate) -> Result<Option<Self>, AttestationError> {
        if let Some(found) = yubikey::read(certificate)? {
            return Ok(Some(Self::YubiKey(found)));
        }
        Ok(yubihsm::read(certificate)?.map(Self::YubiHsm))
    }
}

/// Whether a certificate is one of these devices', for any key.
///
/// # Errors
/// When it begins like one, and is none.
pub fn is_attestation(certificate: &Certificate) -> Result<bool, AttestationError> {
    Ok(Device::of(certificate)?.is_some())
}

/// Finds the certificate of `key` among `given`, and proves that one of the `roots` stands behind it.
///
/// # Errors
/// When there is none, when one of the signatures, dates or fields on the way to the root does not hold, or when the
/// device says that the key was not made in it.
pub fn verify(
    key: &PublicKey,
    given: &[Certificate],
    roots: &[Certificate],
    now: SystemTime,
) -> Result<Attestation, AttestationError> {
    let mut others = Vec::new();
    let mut found = Vec::new();
    for certificate in given {
        match Device::of(certificate)? {
            // The certificate of a device itself may say which one it is, too.
            Some(device) if certificate.is_for(key) => found.push((certificate, device)),
            Some(_) => others.push(certificate.subject()),
            None => {}
        }
    }
    let Some((certificate, device)) = found.pop() else {
        return Err(match others.pop() {
            Some(subject) => AttestationError::OtherKey { subject },
            None => AttestationError::None,
        });
    };
    if let Device::YubiHsm(hsm) = &device
        && hsm.origin != Origin::Generated
    {
        return Err(AttestationError::NotMadeInside { origin: hsm.origin });
    }
    let chain = chain::to_root(certificate, given, roots, now)?;
    Ok(Attestation { device, chain })
}
