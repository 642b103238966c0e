//! What a YubiKey says of a key in its PIV application, in extensions below 1.3.6.1.4.1.41482.3.

use std::fmt;

use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};

use super::certificate::Certificate;
use super::error::AttestationError;

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.3");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.7");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
const FORM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");
const FIPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.10");

/// What the names of these certificates begin with; the slot comes behind it.
const SUBJECT: &str = "CN=YubiKey PIV Attestation ";

/// What a YubiKey says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct YubiKey {
    /// The slot of the key, in hexadecimal digits.
    pub slot: String,
    /// The version of its firmware.
    pub firmware: [u8; 3],
    /// Its serial number; one that is set up so does not tell it.
    pub serial: Option<u64>,
    /// When it wants the PIN.
    pub pin_policy: PinPolicy,
    /// When it wants to be touched.
    pub touch_policy: TouchPolicy,
    /// Its form.
    pub form_factor: Option<FormFactor>,
    /// Whether it is of the FIPS series.
    pub fips: bool,
}

macro_rules! bytes {
    ($(#[$meta:meta])* $name:ident { $($number:pat => $variant:ident, $word:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $word] $variant,)*
        }

        impl $name {
            fn of(byte: u8) -> Option<Self> {
                match byte {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word,)*
                })
            }
        }
    };
}

bytes! {
    /// When the PIN is wanted.
    PinPolicy {
        1 => Never, "never";
        2 => Once, "once";
        3 => Always, "always";
        4 => MatchOnce, "match-once";
        5 => MatchAlways, "match-always";
    }
}

bytes! {
    /// When a touch is wanted.
    TouchPolicy {
        1 => Never, "never";
        2 => Always, "always";
        3 => Cached, "cached";
    }
}

bytes! {
    /// The form; the two highest bits of the byte are of its series.
    FormFactor {
        1 => UsbAKeychain, "USB-A keychain";
        2 => UsbANano, "USB-A nano";
        3 => UsbCKeychain, "USB-C keychain";
        4 => UsbCNano, "USB-C nano";
        5 => Lightning, "USB-C and Lightning";
        6 => UsbABio, "USB-A biometric";
        7 => UsbCBio, "USB-C biometric";
    }
}

/// What the device says in `certificate`, if that is of a key in a YubiKey.
pub(super) fn read(certificate: &Certificate) -> Result<Option<YubiKey>, AttestationError> {
    let subject = certificate.subject();
    let Some(slot) = subject.strip_prefix(SUBJECT) else {
        return Ok(None);
    };
    let failed = |field| AttestationError::Field {
        field,
        subject: subject.clone(),
    };
    let field = |oid, name| certificate.extension(oid).map_err(|()| failed(name));
    let (firmware, policies) = ("firmware", "PIN and touch policy");
    let Some(&[major, minor, patch]) = field(FIRMWARE, firmware)? else {
        return Err(failed(firmware));
    };
    let Some(&[pin, touch]) = field(POLICIES, policies)? else {
        return Err(failed(policies));
    };
    let serial = field(SERIAL, "serial number")?.map(number);
    let form = match field(FORM, "form factor")? {
        None => None,
        Some(&[byte]) => FormFactor::of(byte & 0x3f),
        Some(_) => return Err(failed("form factor")),
    };
    let is_slot = slot.len() == 2 && slot.bytes().all(|it| it.is_ascii_hexdigit());
    Ok(Some(YubiKey {
        slot: is_slot
            .then(|| slot.to_ascii_lowercase())
            .ok_or_else(|| failed("slot"))?,
        firmware: [major, minor, patch],
        serial: serial
            .map(|it| it.ok_or_else(|| failed("serial number")))
            .transpose()?,
        pin_policy: PinPolicy::of(pin).ok_or_else(|| failed(policies))?,
        touch_policy: TouchPolicy::of(touch).ok_or_else(|| failed(policies))?,
        form_factor: form,
        fips: field(FIPS, "FIPS")?.is_some(),
    }))
}

/// A number of at most 64 bits.
pub(super) fn number(der: &[u8]) -> Option<u64> {
    let number = UintRef::from_der(der).ok()?;
    let bytes = number.as_bytes();
    let mut all = [0; 8];
    all.get_mut(8_usize.checked_sub(bytes.len())?..)?
        .copy_from_slice(bytes);
    Some(u64::from_be_bytes(all))
}
