//! What a YubiHSM 2 says of a key, in extensions below 1.3.6.1.4.1.41482.4.

use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier, OctetString, Utf8StringRef};

use super::certificate::Certificate;
use super::error::AttestationError;
use super::origin::Origin;
use super::yubikey::number;

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.1");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.2");
const ORIGIN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.3");
const DOMAINS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.4");
const CAPABILITIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.5");
const OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.6");
const LABEL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.9");

/// What the names of these certificates begin with; the number of the object comes behind it.
const SUBJECT: &str = "CN=YubiHSM Attestation id";

/// The bit of a key that leaves the device wrapped in another.
const EXPORTABLE: u64 = 1 << 16;

/// What a YubiHSM 2 says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct YubiHsm {
    /// The version of its firmware.
    pub firmware: [u8; 3],
    /// Its serial number.
    pub serial: u64,
    /// Where the key came from.
    pub origin: Origin,
    /// The domains that it is in, of 1 to 16.
    pub domains: Vec<u8>,
    /// What may be done with it, as the device counts: a bit for each.
    pub capabilities: u64,
    /// The number of the object.
    pub object: u16,
    /// Its label.
    pub label: String,
}

impl YubiHsm {
    /// Whether the key may leave the device, encrypted with a wrap key.
    pub fn is_exportable(&self) -> bool {
        self.capabilities & EXPORTABLE != 0
    }
}

/// What the device says in `certificate`, if that is of a key in a YubiHSM 2.
pub(super) fn read(certificate: &Certificate) -> Result<Option<YubiHsm>, AttestationError> {
    let subject = certificate.subject();
    if !subject.starts_with(SUBJECT) {
        return Ok(None);
    }
    let failed = |field| AttestationError::Field {
        field,
        subject: subject.clone(),
    };
    let field = |oid, name| {
        let found = certificate.extension(oid).map_err(|()| failed(name))?;
        found.ok_or_else(|| failed(name))
    };
    let firmware = field(FIRMWARE, "firmware")?;
    let firmware = OctetString::from_der(firmware).map_err(|_| failed("firmware"))?;
    let serial = number(field(SERIAL, "serial number")?);
    let origin = bits(field(ORIGIN, "origin")?).and_then(|it| u8::try_from(it).ok());
    let domains = bits(field(DOMAINS, "domains")?).and_then(|it| u16::try_from(it).ok());
    let domains = domains.ok_or_else(|| failed("domains"))?;
    let capabilities = bits(field(CAPABILITIES, "capabilities")?);
    let object = number(field(OBJECT, "object")?).and_then(|it| u16::try_from(it).ok());
    let label = Utf8StringRef::from_der(field(LABEL, "label")?).map_err(|_| failed("label"))?;
    Ok(Some(YubiHsm {
        firmware: firmware
            .as_bytes()
            .try_into()
            .map_err(|_| failed("firmware"))?,
        serial: serial.ok_or_else(|| failed("serial number"))?,
        origin: origin
            .and_then(Origin::of)
            .ok_or_else(|| failed("origin"))?,
        domains: (1..=16)
            .filter(|number| domains & (1 << (number - 1)) != 0)
            .collect(),
        capabilities: capabilities.ok_or_else(|| failed("capabilities"))?,
        object: object.ok_or_else(|| failed("object"))?,
        label: label.as_str().to_owned(),
    }))
}

/// A bit string as a number, which it is in these certificates.
fn bits(der: &[u8]) -> Option<u64> {
    let bits = BitStringRef::from_der(der).ok()?;
    let bytes = bits.as_bytes()?;
    let mut all = [0; 8];
    all.get_mut(8_usize.checked_sub(bytes.len())?..)?
        .copy_from_slice(bytes);
    Some(u64::from_be_bytes(all))
}
