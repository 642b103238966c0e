#![allow(clippy::unwrap_used)]

use super::*;

/// Made with the private key 1 by iExec's own SDK.
const TEXT: &str = "0xd86126491de4dfec85e49a54b942941e0efbbc2cdc6042dff13cf675f2b232a2124d1a1cbacd2bc4491bb1b8b29dbee8c021f08e8c213d75612e0abe08eb0be11b";
const DIGEST: &str = "8d667ebe6dbb71014c621f936637228be1aa5daee76fd0c146c9dee1200a94a7";
const SIGNER: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// The other signature of the same key and digest: the order of the curve minus `s`, and the other
/// end.
const HIGH_S: &str = "edb2e5e34532d43bb6e44e474d624115fa8cec58232762c65ea453cec74b3560";

fn digest() -> [u8; 32] {
    hex::array(DIGEST.as_bytes()).unwrap()
}

#[test]
fn it_reads_back_as_it_is_shown() {
    let signature: Signature = TEXT.parse().unwrap();
    assert_eq!(signature.to_string(), TEXT);
    assert_eq!(signature.to_text().as_str(), TEXT);
    assert_eq!((signature.v(), signature.y_is_odd()), (27, false));
    assert_eq!(signature.to_bytes()[..32], signature.r()[..]);
    assert_eq!(signature.to_bytes()[32..64], signature.s()[..]);
    for prefix in ["0x", "0X"] {
        let upper = format!("{prefix}{}", TEXT[2..].to_uppercase());
        assert_eq!(upper.parse(), Ok(signature.clone()));
    }
}

#[test]
fn it_leads_back_to_its_signer_and_only_for_its_digest() {
    let signature: Signature = TEXT.parse().unwrap();
    assert_eq!(signature.recover(&digest()), Ok(SIGNER.parse().unwrap()));
    let other = signature.recover(&[1; 32]);
    assert_ne!(other, Ok(SIGNER.parse().unwrap()));
}

#[test]
fn other_forms_are_refused_by_name() {
    let refused = |text: &str| text.parse::<Signature>().unwrap_err();
    let with_end = |end: &str| format!("{}{end}", &TEXT[..130]);
    for bad in ["", "0x", &TEXT[2..], &format!(" {TEXT}"), &with_end("1g")] {
        let error = refused(bad);
        let named = [
            SignatureError::NotHexadecimal,
            SignatureError::Length { digits: 0 },
        ];
        assert!(named.contains(&error), "{bad}: {error}");
    }
    for (text, digits) in [(&TEXT[..130], 128), (&format!("{TEXT}00"), 132)] {
        assert_eq!(refused(text), SignatureError::Length { digits });
    }
    for (end, v) in [("00", 0), ("01", 1), ("1d", 29), ("26", 38)] {
        assert_eq!(refused(&with_end(end)), SignatureError::V(v));
    }
    let high = format!("{}{HIGH_S}1c", &TEXT[..66]);
    assert_eq!(refused(&high), SignatureError::HighS);
    for (r, s) in [("00", "01"), ("01", "00"), ("ff", "01"), ("01", "ff")] {
        let text = format!("0x{}{}1b", r.repeat(32), s.repeat(32));
        assert_eq!(refused(&text), SignatureError::Range);
    }
}

#[test]
fn a_high_s_from_a_device_is_turned_into_the_low_one() {
    let key = k256::ecdsa::SigningKey::from_slice(&[[0; 31].as_slice(), &[1]].concat()).unwrap();
    let numbers: [u8; 64] = hex::array(format!("{}{HIGH_S}", &TEXT[2..66]).as_bytes()).unwrap();
    let signature = Signature::of_key(&numbers, &digest(), key.verifying_key());
    assert_eq!(signature, TEXT.parse().ok());
    assert_eq!(
        Signature::of_key(&numbers, &[1; 32], key.verifying_key()),
        None
    );
    assert_eq!(
        Signature::of_key(&[0; 64], &digest(), key.verifying_key()),
        None
    );
}

#[test]
fn nothing_of_it_is_shown_by_accident() {
    let signature: Signature = TEXT.parse().unwrap();
    assert_eq!(format!("{signature:?}"), "Signature(..)");
}
