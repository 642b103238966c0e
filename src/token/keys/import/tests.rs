#![allow(clippy::unwrap_used)]

use super::*;

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
