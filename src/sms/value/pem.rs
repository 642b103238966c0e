use rsa::pkcs1;
use rsa::pkcs8::SubjectPublicKeyInfoRef;
use rsa::pkcs8::der::Decode as _;

use super::ValueError;
use crate::envelope::PublicKey;
use crate::text::pem::{PemError, holds_private_key, only_block};

const LABEL: &str = "PUBLIC KEY";

const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const ELLIPTIC_CURVE: &str = "1.2.840.10045.2.1";

/// Reads the one RSA public key in a text, in SPKI PEM form with any line ends and columns, and
/// with any text around it. [`super::value`] then gives it the form to publish.
///
/// # Errors
/// When the text holds a private key, anything else than one public key, or a key that is not RSA.
pub fn from_pem_text(text: &str) -> Result<PublicKey, ValueError> {
    // Asked first, and of every line, so that no damage makes a private key look like something else.
    if holds_private_key(text.as_bytes()) {
        return Err(ValueError::PrivateKey);
    }
    let block = only_block(text)?;
    if block.label != LABEL {
        return Err(other_pem(block.label));
    }
    from_der(&block.decode()?)
}

impl From<PemError> for ValueError {
    fn from(error: PemError) -> Self {
        match error {
            PemError::None => Self::NoPem("it is not PEM"),
            PemError::CutOff => Self::NoPem("its PEM text is cut off"),
            PemError::Several => Self::NoPem("it holds more than one PEM text"),
            PemError::Base64 => Self::Damaged("its base64 is broken"),
        }
    }
}

fn other_pem(label: &str) -> ValueError {
    let from_certificate = "; take the key out of it with `openssl x509 -pubkey -noout`";
    let (kind, advice) = match label {
        "RSA PUBLIC KEY" => (
            "an RSA public key in PKCS#1 form",
            "; convert it with `openssl rsa -RSAPublicKey_in -pubout`",
        ),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            ("a certificate", from_certificate)
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => (
            "a certificate request",
            "; take the key out of it with `openssl req -pubkey -noout`",
        ),
        "EC PARAMETERS" | "EC PUBLIC KEY" => ("an elliptic-curve key", ""),
        "IEXEC-HSM KEY REFERENCE" => (
            "the name of a key on its token",
            "; give the file beside it that ends in `.pub`",
        ),
        _ => ("another kind of PEM text", ""),
    };
    ValueError::OtherPem(kind, advice)
}

fn from_der(der: &[u8]) -> Result<PublicKey, ValueError> {
    let spki = SubjectPublicKeyInfoRef::from_der(der)
        .map_err(|_| ValueError::Damaged("it is not the SPKI that its first line promises"))?;
    if spki.algorithm.oid != pkcs1::ALGORITHM_OID {
        return Err(ValueError::NotRsa(
            match spki.algorithm.oid.to_string().as_str() {
                RSA_PSS => "an RSA key for PSS signatures only",
                ELLIPTIC_CURVE => "an elliptic-curve key",
                _ => "a key of another kind than RSA",
            },
        ));
    }
    let numbers = spki.subject_public_key.as_bytes();
    let numbers = numbers.and_then(|der| pkcs1::RsaPublicKey::from_der(der).ok());
    let numbers = numbers.ok_or(ValueError::Damaged("its numbers cannot be read"))?;
    let (modulus, exponent) = (numbers.modulus, numbers.public_exponent);
    Ok(PublicKey::from_components(
        modulus.as_bytes(),
        exponent.as_bytes(),
    )?)
}
