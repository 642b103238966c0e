use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1;
use rsa::pkcs8::SubjectPublicKeyInfoRef;
use rsa::pkcs8::der::Decode as _;

use super::ValueError;
use crate::envelope::PublicKey;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
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
    let mut lines = text.split(['\n', '\r']);
    if lines.any(|line| line.contains("----") && line.contains("PRIVATE KEY")) {
        return Err(ValueError::PrivateKey);
    }
    let (label, body) = only_block(text)?;
    if label != LABEL {
        return Err(other_pem(label));
    }
    let digits: String = body.split_ascii_whitespace().collect();
    let der = STANDARD
        .decode(digits)
        .map_err(|_| ValueError::Damaged("its base64 is broken"))?;
    from_der(&der)
}

/// The label and content of the PEM block.
fn only_block(text: &str) -> Result<(&str, &str), ValueError> {
    let (_, block) = text
        .split_once(BEGIN)
        .ok_or(ValueError::NoPem("it is not PEM"))?;
    let whole = block.split_once(DASHES).and_then(|(label, rest)| {
        let (body, end) = rest.split_once(END)?;
        let end = end.strip_prefix(label)?.strip_prefix(DASHES)?;
        Some((label, body, end))
    });
    let (label, body, rest) = whole.ok_or(ValueError::NoPem("its PEM text is cut off"))?;
    if rest.contains(BEGIN) {
        let problem = "it holds more than one PEM text";
        return Err(ValueError::NoPem(problem));
    }
    Ok((label, body))
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
