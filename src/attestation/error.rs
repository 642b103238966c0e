use thiserror::Error;

use super::origin::Origin;

/// Why nothing is certified of a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// There is no such certificate.
    #[error("there is no certificate in which a device attests the key")]
    None,
    /// There are some, of other keys.
    #[error("{subject:?} attests another key")]
    OtherKey {
        /// The name in one of them.
        subject: String,
    },
    /// The device says that the key came from outside.
    #[error("the device says that the key was not made in it: {origin}")]
    NotMadeInside {
        /// Where it came from.
        origin: Origin,
    },
    /// Something is no certificate.
    #[error("it is no X.509 certificate: {0}")]
    NotACertificate(String),
    /// A field of a device's certificate is not as its maker describes it.
    #[error("the field {field} of {subject:?} is not as the device's maker describes it")]
    Field {
        /// The field.
        field: &'static str,
        /// The name in the certificate.
        subject: String,
    },
    /// It does not lead to a root.
    #[error("{subject:?} {fault}")]
    Chain {
        /// The name in the certificate where it ends.
        subject: String,
        /// What is wrong there.
        fault: ChainFault,
    },
}

/// Why a certificate does not lead to a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainFault {
    /// Nobody here has issued it.
    #[error("is issued by none of the certificates and roots that were given")]
    NoIssuer,
    /// Whoever has that name has not signed it.
    #[error("is not signed by the one that it names as its issuer")]
    Signature,
    /// It is signed in a way that is not known here.
    #[error("is signed with an algorithm that is not supported")]
    Algorithm,
    /// It has issued another, and may not.
    #[error("has issued a certificate, and is of no certificate authority")]
    NotAnAuthority,
    /// There are more certificates between it and the key than it allows, or than anybody has.
    #[error("is further from the key than is allowed")]
    TooLong,
    /// Its time has not come yet, or is over.
    #[error("is not valid at this time")]
    Time,
    /// It has a critical extension that is not known here.
    #[error("has a critical extension that is not known here")]
    Extension,
}
