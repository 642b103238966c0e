use std::fmt;

use rsa::pkcs8::ObjectIdentifier;

const ELLIPTIC_CURVE: &str = "1.2.840.10045.2.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";

/// What a file may hold in the place of the RSA key that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignKey {
    /// The public key, where the private one is wanted.
    Public,
    /// A certificate, which has a public key in it.
    Certificate,
    /// A certificate request, which has a public key in it.
    CertificateRequest,
    /// A key of OpenSSH in its own form.
    Ssh,
    /// A key of PGP.
    Pgp,
    /// A key file of this program.
    Reference,
    /// A key on an elliptic curve.
    EllipticCurve,
    /// An RSA key that may make PSS signatures and nothing else.
    Pss,
    /// A key of another algorithm.
    OtherAlgorithm,
    /// Something else in PEM.
    OtherPem,
}

impl ForeignKey {
    /// What the first line of a PEM block says.
    pub(crate) fn from_label(label: &str) -> Self {
        match label {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::Public,
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            "OPENSSH PRIVATE KEY" | "SSH2 PUBLIC KEY" => Self::Ssh,
            "IEXEC-HSM KEY REFERENCE" => Self::Reference,
            "EC PRIVATE KEY" | "EC PUBLIC KEY" | "EC PARAMETERS" => Self::EllipticCurve,
            "DSA PRIVATE KEY" | "DSA PUBLIC KEY" => Self::OtherAlgorithm,
            label if label.starts_with("PGP ") => Self::Pgp,
            _ => Self::OtherPem,
        }
    }

    /// What a text without a PEM block is, where that can be told.
    pub(crate) fn in_text(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        let ssh = [&b"ssh-"[..], b"ecdsa-sha2-", b"---- BEGIN SSH2 "];
        ssh.iter()
            .any(|begin| text.starts_with(begin))
            .then_some(Self::Ssh)
    }

    /// What an algorithm other than that of RSA keys says.
    pub(crate) fn of_algorithm(id: ObjectIdentifier) -> Self {
        match id.to_string().as_str() {
            ELLIPTIC_CURVE => Self::EllipticCurve,
            RSA_PSS => Self::Pss,
            _ => Self::OtherAlgorithm,
        }
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public key",
            Self::Certificate => "a certificate",
            Self::CertificateRequest => "a certificate request",
            Self::Ssh => "a key in OpenSSH's own form",
            Self::Pgp => "a PGP key",
            Self::Reference => "the name of a key on its token",
            Self::EllipticCurve => "an elliptic-curve key",
            Self::Pss => "an RSA key for PSS signatures only",
            Self::OtherAlgorithm => "a key of another kind than RSA",
            Self::OtherPem => "another kind of PEM text",
        })
    }
}
