use crate::attestation::{AttestationError, ChainFault};

pub(crate) fn attestation(error: &AttestationError) -> &'static str {
    match error {
        AttestationError::None => {
            "Have the device sign one, with the tool of its maker, and name it with --certificate."
        }
        AttestationError::OtherKey { .. } => {
            "Have the device sign one for this key, and name it with --certificate."
        }
        AttestationError::NotMadeInside { .. } => {
            "Make a new key on the device with `iexec-hsm result generate-encryption-keypair`."
        }
        AttestationError::Chain { fault, .. } => match fault {
            ChainFault::NoIssuer => {
                "Name the device's own certificate with --certificate, and the roots and authorities of its maker with --attestation-root."
            }
            ChainFault::Time => "Check the clock of this machine.",
            _ => NOT_PROVEN,
        },
        AttestationError::NotACertificate(_) | AttestationError::Field { .. } => NOT_PROVEN,
    }
}

const NOT_PROVEN: &str = "Do not rely on this key: nothing proves that it was made in a device.";
