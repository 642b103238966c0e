#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::envelope::testing::PEM;
use crate::text::pem::encode;

const ELLIPTIC_CURVE: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu6yQtuNdMlORK42gMNKRW5vjPcEP\n\
FhsQ7p5wUS39lsnP9xy9RrMkBnrn++35AMFRpGbKGRGeTtc+OPHi7rwwtg==\n\
-----END PUBLIC KEY-----\n";

const PSS_ONLY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGdMAsGCSqGSIb3DQEBCgOBjQAwgYkCgYEAtBtKd175G2S8KHgAYHTmUKGljkMn\n\
DrOR3ec/sU/dc+sREual8qA8+20H2MMOLrQboPBz7b9p6eeOAXW6B31Fbcx+AYFZ\n\
4AeOerWM10hIYDis/yXx0I122TPbhvv5PWQ3anCs7+XZnLcDGTOa4SjC8GFtseIm\n\
0moEk3gtJ2zOxLUCAwEAAQ==\n\
-----END PUBLIC KEY-----\n";

const ED25519: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEAlD0eUTG4UJDvXx4m6EqQ9Ytzf+VGPtWY19FB4wbYKNU=\n\
-----END PUBLIC KEY-----\n";

fn refused(text: impl AsRef<[u8]>) -> PublicKeyError {
    PublicKey::from_pem(text).unwrap_err()
}

fn relabelled(label: &str) -> String {
    PEM.replace("PUBLIC KEY", label)
}

/// The key in PKCS#1, of which the SPKI's last bytes are made.
fn pkcs1() -> String {
    let der = only_block(PEM.as_bytes(), |_| true)
        .unwrap()
        .decode()
        .unwrap();
    let spki = SubjectPublicKeyInfoRef::from_der(&der).unwrap();
    encode("RSA PUBLIC KEY", spki.subject_public_key.raw_bytes())
}

#[test]
fn every_text_with_the_key_gives_the_key() {
    let key = PublicKey::from_pem(PEM).unwrap();
    assert_eq!(key.to_pem().unwrap(), PEM);
    for text in [
        PEM.replace('\n', "\r"),
        PEM.replace('\n', r"\n"),
        PEM.replace('\n', " "),
        format!("\u{feff}  {PEM}"),
        format!("Bag Attributes\n  friendlyName: a\n{PEM}text after it\n"),
        pkcs1(),
    ] {
        assert_eq!(PublicKey::from_pem(&text).unwrap(), key, "{text}");
    }
}

#[test]
fn a_key_of_any_size_that_is_read_is_read_again() {
    for bits in [1024, 4104, 8192, 16_384] {
        let key = PublicKey::from_components(&vec![0xC1; bits / 8], &[1, 0, 1]).unwrap();
        let pem = key.to_pem().unwrap();
        assert_eq!(PublicKey::from_pem(&pem).unwrap(), key, "{bits}");
    }
}

#[test]
fn a_private_key_is_named_as_one_whatever_else_is_there() {
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let private = relabelled(label);
        for text in [
            private.clone(),
            private.replace('\n', r"\n"),
            format!("{PEM}{private}"),
            format!("{private}{PEM}"),
            private.replace("-----BEGIN ", ""),
            private[..100].to_owned(),
            private.replace("-----", "---- "),
        ] {
            let error = refused(&text);
            assert!(matches!(error, PublicKeyError::Private), "{text}");
            assert!(error.to_string().contains("must never be published"));
        }
    }
}

#[test]
fn what_is_valid_and_not_taken_is_named() {
    for (text, named) in [
        (relabelled("CERTIFICATE"), "a certificate"),
        (relabelled("CERTIFICATE REQUEST"), "a certificate request"),
        (relabelled("EC PARAMETERS"), "an elliptic-curve key"),
        (relabelled("PGP PUBLIC KEY BLOCK"), "a PGP key"),
        (
            relabelled("IEXEC-HSM KEY REFERENCE"),
            "the name of a key on its token",
        ),
        (relabelled("SOMETHING ELSE"), "another kind of PEM text"),
        (relabelled("public key"), "another kind of PEM text"),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB".into(),
            "a key in OpenSSH",
        ),
        ("---- BEGIN SSH2 PUBLIC KEY ----".into(), "a key in OpenSSH"),
        (ELLIPTIC_CURVE.into(), "an elliptic-curve key"),
        (PSS_ONLY.into(), "an RSA key for PSS signatures only"),
        (ED25519.into(), "a key of another kind than RSA"),
    ] {
        let error = refused(&text).to_string();
        assert!(error.starts_with(&format!("this is {named}")), "{error}");
    }
}

#[test]
fn two_keys_are_refused_whatever_their_forms() {
    for other in [
        PEM.to_owned(),
        pkcs1(),
        relabelled("CERTIFICATE"),
        ELLIPTIC_CURVE.to_owned(),
    ] {
        for text in [format!("{PEM}{other}"), format!("{other}{PEM}")] {
            let error = refused(&text);
            assert!(
                matches!(error, PublicKeyError::Pem(PemError::Several)),
                "{text}"
            );
        }
    }
}

#[test]
fn damaged_texts_are_refused() {
    let end = PEM.find("-----END").unwrap();
    for (text, problem) in [
        (String::new(), "it is not PEM"),
        ("\0".to_owned(), "it is binary"),
        (PEM[..end].to_owned(), "cut off"),
        (PEM.replace("END PUBLIC", "END RSA PUBLIC"), "do not match"),
        (PEM.replace("MIIB", "MII*"), "base64"),
        (PEM.replace("MIIB", "MII_"), "base64"),
        (PEM.replace("MIIB", "MII"), "base64"),
        (PEM.replace("MIIB", "MIIC"), "not the SPKI"),
        (PEM.replace("IDAQAB", "IDAQABAAAA"), "not the SPKI"),
        (relabelled("RSA PUBLIC KEY"), "its numbers cannot be read"),
    ] {
        let refusal = refused(&text).to_string();
        assert!(refusal.contains(problem), "{refusal}");
    }
}
