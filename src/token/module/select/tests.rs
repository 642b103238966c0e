#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::token::testing::{SET_UP, token};

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// Chooses where nothing but `wanted` tells them apart.
fn choose(tokens: Vec<TokenInfo>, wanted: Option<&Uri>) -> Result<TokenInfo, TokenError> {
    choose_token(tokens, wanted, |_| false)
}

#[test]
fn the_only_token_needs_no_name() {
    let only = token("one", "1", SET_UP);
    assert_eq!(choose(vec![only.clone()], None).unwrap(), only);
}

#[test]
fn a_name_chooses_among_several() {
    let tokens = || vec![token("one", "1", SET_UP), token("two", "2", SET_UP)];
    let by_serial = choose(tokens(), Some(&uri("pkcs11:serial=2"))).unwrap();
    let by_label = choose(tokens(), Some(&Uri::for_label("two"))).unwrap();
    assert_eq!(
        (by_serial.label.as_str(), by_label),
        ("two", by_serial.clone())
    );
}

#[test]
fn several_that_fit_are_all_listed() {
    let tokens = vec![
        token("same", "1", SET_UP),
        token("same", "2", SET_UP),
        token("other", "3", SET_UP),
    ];
    let error = choose(tokens, Some(&Uri::for_label("same"))).unwrap_err();
    let TokenError::TokenAmbiguous(uris) = error else {
        panic!("{error}")
    };
    assert_eq!(
        uris,
        ["pkcs11:token=same;serial=1", "pkcs11:token=same;serial=2"]
    );
}

#[test]
fn none_that_fits_lists_those_that_are_there() {
    let tokens = vec![token("one", "1", SET_UP)];
    let wanted = Uri::for_label("two");
    let error = choose(tokens, Some(&wanted)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no token fits \"two\"; these are there:\n  the token \"one\" (serial 1)\n    pkcs11:token=one;serial=1"
    );
    let error = choose(vec![], None).unwrap_err();
    assert_eq!(error.to_string(), "the module shows no token");
}

#[test]
fn an_unknown_attribute_matches_nothing() {
    let tokens = vec![token("one", "1", SET_UP)];
    let error = choose(tokens, Some(&uri("pkcs11:token=one;x-vendor=1"))).unwrap_err();
    assert!(matches!(error, TokenError::NoToken { .. }), "{error}");
}

#[test]
fn an_empty_token_stands_aside_and_alone_is_not_ready() {
    let tokens = vec![token("", "0", 0), token("one", "1", SET_UP)];
    assert_eq!(choose(tokens, None).unwrap().label, "one");
    let error = choose(vec![token("", "0", 0)], None).unwrap_err();
    assert!(matches!(error, TokenError::NotReady { .. }), "{error}");
    let tokens = vec![token("", "0", 0), token("one", "1", SET_UP)];
    let error = choose(tokens, Some(&uri("pkcs11:serial=0"))).unwrap_err();
    assert!(matches!(error, TokenError::NotReady { .. }), "{error}");
}

#[test]
fn what_is_meant_decides_among_those_that_fit_and_among_no_others() {
    let tokens = || {
        vec![
            token("one", "1", SET_UP),
            token("two", "1", SET_UP),
            token("three", "3", SET_UP),
            token("", "1", 0),
        ]
    };
    let wanted = uri("pkcs11:serial=1");
    let choose =
        |labels: &[&str]| choose_token(tokens(), Some(&wanted), |it| labels.contains(&&*it.label));
    assert_eq!(choose(&["two", "three"]).unwrap().label, "two");
    for labels in [&["one", "two"][..], &["three"], &[""]] {
        let error = choose(labels).unwrap_err();
        assert!(matches!(error, TokenError::TokenAmbiguous(_)), "{error}");
    }
    // One that fits alone is not asked about.
    let chosen = choose_token(tokens(), Some(&Uri::for_label("one")), |_| false);
    assert_eq!(chosen.unwrap().label, "one");
}

#[test]
fn a_token_with_nothing_but_a_label_gives_way_to_one_in_use() {
    let in_use = token("mine", "1", SET_UP);
    let tokens = vec![token("Soft Token", "", 0), in_use.clone()];
    assert_eq!(choose(tokens, None).unwrap(), in_use);
    let named = choose(
        vec![token("Soft Token", "", 0), in_use],
        Some(&Uri::for_label("Soft Token")),
    );
    assert_eq!(named.unwrap().label, "Soft Token");
}
