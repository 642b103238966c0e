use super::*;
use crate::envelope::testing::PEM;

/// The value that the SDK makes of that key's file: `base64 -w0`.
const VALUE: &str = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEFNSUlCQ2dLQ0FRRUF6clBi\
UTFJTTV4cFVvU2dDcjg1WQp3NytTYnU5WDRkb1FNa29VUFRqWHM3OXRzTnRzZFJtWmRWUUc4T3k3VjhUOHZnMEw3enlraHlwZ2JO\
aEJQYy9ECjNxYTRkcjhLZU9UU0RsOFgrRmMramo5UFJWditNVU5JNkd0YU9ZcjZJV0RXdUdtSnViS3MvMmZyZzlBaXQwaGQKZGFk\
MndVa1NSeC9Mb2xPMmRzbmdrVkgvMXQ1MkVxRmNYdUtiVjhVR1kvZUIrWnlVTlRmT25VOFU1ZVNBRDZyNgpJVEM0ZzVrSXNjd1Ix\
WG9CS2NqZERkZ1BHWmR2UmlZREZtem5SMTZiRzhuNTJJekZURXpodTBJa2lPU0Qvcmh4CjFxTWdVV2xMYzdDNnk3NnlRMXMyajB2\
NHNCTkNJTFl0ZUdibjJIbmdtalJmUno3R0VNMVQ4UWtGUG1GY20yRXQKc3dJREFRQUIKLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0t\
Cg==";

fn of_bits(bits: usize) -> PublicKey {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    let key = PublicKey::from_components(&modulus, &[1, 0, 1]).unwrap();
    assert_eq!(key.bits(), bits);
    key
}

#[test]
fn the_value_is_what_the_sdk_makes_of_its_own_file() {
    assert_eq!(value(&PublicKey::from_pem(PEM).unwrap()).unwrap(), VALUE);
}

#[test]
fn the_value_is_one_line_of_padded_standard_base64() {
    // Three sizes, so that every number of padding characters is seen.
    for bits in [2048, 2049, 2056, 2064, 2072, 3072, 4095, 4096] {
        let key = of_bits(bits);
        let value = value(&key).unwrap();
        assert_eq!(value.len() % 4, 0);
        let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        assert!(value.bytes().all(is_standard), "{bits}");
        let pem = String::from_utf8(STANDARD.decode(&value).unwrap()).unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"));
        assert!(pem.lines().all(|line| (1..=64).contains(&line.len())));
        assert!(!pem.contains('\r'));
        assert_eq!(PublicKey::from_pem(&pem).unwrap(), key);
    }
    assert_eq!(value(&of_bits(4096)).unwrap().len(), 1068);
}

#[test]
fn a_size_that_is_unsafe_or_unreadable_is_refused() {
    for bits in [1024, 2047] {
        let error = value(&of_bits(bits)).unwrap_err();
        assert!(matches!(error, PublicKeyError::TooSmall { bits: found } if found == bits));
    }
    for bits in [4097, 8192] {
        let error = value(&of_bits(bits)).unwrap_err();
        assert!(matches!(error, PublicKeyError::TooLarge { bits: found } if found == bits));
        assert!(error.to_string().contains("enclaves take at most 4096"));
    }
}
