#![allow(clippy::unwrap_used)]

use super::*;

/// Moduli of the shape that keys have; nothing here needs their factors.
fn key(bits: usize) -> PublicKey {
    let modulus: Vec<u8> = (0..bits / 8).map(|i| (i * 7 + 0xA1) as u8 | 1).collect();
    PublicKey::from_components(&modulus, &[1, 0, 1]).unwrap()
}

#[test]
fn pem_has_64_columns_and_line_feeds() {
    for bits in [2048, 3072, 4096] {
        let key = key(bits);
        let pem = key.to_pem().unwrap();
        let body = pem
            .strip_prefix("-----BEGIN PUBLIC KEY-----\n")
            .and_then(|rest| rest.strip_suffix("\n-----END PUBLIC KEY-----\n"))
            .unwrap();
        let (last, full) = body
            .split('\n')
            .collect::<Vec<_>>()
            .split_last()
            .map(|(last, full)| (last.len(), full.to_vec()))
            .unwrap();
        assert!(full.iter().all(|line| line.len() == 64), "RSA-{bits}");
        assert!(
            (1..=64).contains(&last) && !pem.contains('\r'),
            "RSA-{bits}"
        );
        assert_eq!(PublicKey::from_pem(&pem).unwrap(), key);
    }
}

#[test]
fn sizes_are_those_of_the_modulus() {
    let key = key(3072);
    assert_eq!((key.bits(), key.modulus_len()), (3072, 384));
    assert_eq!((key.modulus().len(), key.exponent()), (384, vec![1, 0, 1]));
    let padded = [&[0; 5][..], &key.modulus()].concat();
    let again = PublicKey::from_components(&padded, &[0, 1, 0, 1]).unwrap();
    assert_eq!(again, key, "leading zeros");
}

#[test]
fn a_ciphertext_is_below_the_modulus() {
    let key = key(2048);
    let modulus = key.modulus();
    let mut below = modulus.clone();
    *below.last_mut().unwrap() -= 1;
    let mut above = modulus.clone();
    *above.last_mut().unwrap() += 1;
    assert!(key.is_below_modulus(&below));
    assert!(!key.is_below_modulus(&modulus));
    assert!(!key.is_below_modulus(&above));
    assert!(key.is_below_modulus(&[0; 256]));
    assert!(!key.is_below_modulus(&[0xFF; 256]));
    // Zeros in front do not make it larger.
    assert!(key.is_below_modulus(&[&[0], &below[..]].concat()));
}

#[test]
fn what_is_no_key_is_refused() {
    for (modulus, exponent) in [
        (&[][..], &[1, 0, 1][..]),
        (&[0xC1; 256], &[]),
        (&[0xC1; 256], &[0]),
        (&[0xC1; 256], &[2]),
        (&[0xC1; 2049], &[1, 0, 1]),
    ] {
        assert!(PublicKey::from_components(modulus, exponent).is_err());
    }
}

#[test]
fn no_more_is_wrapped_than_the_padding_leaves_room_for() {
    let key = key(2048);
    for (scheme, room) in [
        (Scheme::Current, 256 - 11),
        (Scheme::LegacyEcb, 256 - 11),
        (Scheme::Guide2019, 256 - 2 * 20 - 2),
    ] {
        assert_eq!(key.wrap(scheme, &vec![7; room]).unwrap().len(), 256);
        assert!(key.wrap(scheme, &vec![7; room + 1]).is_err(), "{scheme:?}");
    }
}
