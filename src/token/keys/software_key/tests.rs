#![allow(clippy::unwrap_used)]

use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;

use super::*;
use crate::text::pem::encode;

fn key() -> RsaPrivateKey {
    RsaPrivateKey::new(&mut OsRng, 2048).unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> SoftwareKeyError {
    SoftwareKey::from_pem(text).unwrap_err()
}

#[test]
fn every_form_of_the_key_is_read() {
    let key = key();
    let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let pkcs1 = key.to_pkcs1_pem(LineEnding::LF).unwrap();
    let certificate = encode("CERTIFICATE", b"of anybody");
    for pem in [pkcs8.as_str(), pkcs1.as_str()] {
        for text in [
            pem.to_owned(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', "\r"),
            pem.replace('\n', " "),
            pem.replace('\n', r"\n"),
            pem.replace('\n', "\n   "),
            format!("\u{feff}{pem}"),
            format!("KEY='{}'", pem.replace('\n', r"\n")),
            format!("Bag Attributes\r\n{certificate}{pem}more\r\n"),
        ] {
            let read = SoftwareKey::from_pem(&text).unwrap();
            assert!(read.0 == key && read.bits() == 2048, "{}", text.len());
        }
    }
}

#[test]
fn two_private_keys_are_refused() {
    let key = key();
    let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let pkcs1 = key.to_pkcs1_pem(LineEnding::LF).unwrap();
    let encrypted = encode("ENCRYPTED PRIVATE KEY", b"");
    for other in [pkcs8.as_str(), pkcs1.as_str(), encrypted.as_str()] {
        let error = refused(format!("{}{other}", pkcs8.as_str()));
        assert!(matches!(error, SoftwareKeyError::Pem(PemError::Several)));
    }
}

#[test]
fn a_text_without_a_whole_key_has_none() {
    let begin = "-----BEGIN PRIVATE KEY-----\n";
    let end = "-----END PRIVATE KEY-----\n";
    for (text, error) in [
        (String::new(), PemError::None),
        ("MIIE".to_owned(), PemError::None),
        (end.to_owned(), PemError::None),
        (begin.to_owned(), PemError::CutOff),
        (
            format!("{begin}MIIE\n{}", end.replace("PRIVATE", "RSA PRIVATE")),
            PemError::Lines,
        ),
        (format!("{begin}MIIE*\n{end}"), PemError::Base64),
    ] {
        let found = refused(&text);
        assert!(
            matches!(found, SoftwareKeyError::Pem(it) if it == error),
            "{text}"
        );
    }
    assert!(matches!(
        refused(b"\x30\x82\x04\xa4"),
        SoftwareKeyError::Pem(PemError::Binary)
    ));
}

#[test]
fn both_forms_of_an_encrypted_key_are_called_so() {
    for text in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY-----",
    ] {
        assert!(
            matches!(refused(text), SoftwareKeyError::Encrypted),
            "{text}"
        );
    }
}

#[test]
fn numbers_that_do_not_fit_together_are_no_key() {
    let der = key().to_pkcs1_der().unwrap();
    let mut bytes = der.as_bytes().to_vec();
    // In the middle is a prime.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let error = refused(encode("RSA PRIVATE KEY", &bytes));
    assert_eq!(
        error.to_string(),
        "the private key is damaged: its numbers do not fit together"
    );
    let error = refused(encode("PRIVATE KEY", &bytes[..middle]));
    assert!(matches!(error, SoftwareKeyError::Damaged(_)), "{error}");
}
