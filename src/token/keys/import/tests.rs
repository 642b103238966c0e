#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

#[test]
fn the_block_is_taken_out_of_what_stands_around_it() {
    let text = format!(
        "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMIIC\r\n-----END CERTIFICATE-----\r\n\
         {BEGIN}\r\n  MIIE\r\nAgEA\r\n{END}\r\nmore\r\n"
    );
    let expected = STANDARD.decode("MIIEAgEA").unwrap();
    assert_eq!(*private_key(&text).unwrap(), expected);
}

#[test]
fn a_text_without_a_whole_block_has_none() {
    for text in ["", "MIIE", BEGIN, END] {
        assert!(
            matches!(private_key(text), Err(SoftwareKeyError::NoPem)),
            "{text}"
        );
    }
}

#[test]
fn both_forms_of_an_encrypted_key_are_called_so() {
    for text in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
    ] {
        assert!(
            matches!(private_key(text), Err(SoftwareKeyError::Encrypted)),
            "{text}"
        );
    }
}

#[test]
fn what_is_private_is_wiped() {
    let secret = || vec![7; 128];
    for private in [
        Attribute::PrivateExponent,
        Attribute::Prime1,
        Attribute::Prime2,
        Attribute::Exponent1,
        Attribute::Exponent2,
        Attribute::Coefficient,
    ] {
        let mut attribute = private(secret());
        wipe(&mut attribute);
        assert_eq!(attribute, private(vec![]));
    }
    let mut public = Attribute::Modulus(secret());
    wipe(&mut public);
    assert_eq!(public, Attribute::Modulus(secret()));
}
