//! The error for a token that refuses to be initialised.

use cryptoki_sys::{CKF_LOGIN_REQUIRED, CKF_TOKEN_INITIALIZED};

use super::super::testing::token;
use super::*;

#[test]
fn a_refused_pin_is_that_of_the_so_who_is_there_or_to_come() {
    let empty = token("", "1", CKF_LOGIN_REQUIRED);
    let used = token("old", "1", CKF_TOKEN_INITIALIZED);
    for rv in [
        RvError::PinIncorrect,
        RvError::PinInvalid,
        RvError::PinLenRange,
    ] {
        for (token, name, expected) in [(&empty, "new", false), (&used, "old", true)] {
            let call = "C_InitToken";
            let error = refused(token, "new", CallError { call, rv });
            assert!(
                matches!(&error, TokenError::SoPinWrong { label, set_up }
                    if label == name && *set_up == expected),
                "{rv:?}: {error}"
            );
        }
    }
}

#[test]
fn another_refusal_is_told_with_its_name() {
    let error = CallError {
        call: "C_InitToken",
        rv: RvError::SessionExists,
    };
    let said = "the token \"old\" was not initialised: C_InitToken returned SessionExists";
    let error = refused(&token("old", "1", CKF_TOKEN_INITIALIZED), "new", error);
    assert_eq!(error.to_string(), said);
}

#[test]
fn what_is_lost_is_told_where_there_was_something() {
    let cause = || TokenError::PinBlocked("new".into());
    let lost = without_pin(&token("old", "1", CKF_TOKEN_INITIALIZED), "new", cause());
    assert!(
        lost.to_string()
            .starts_with("its previous content is deleted")
    );
    let nothing = without_pin(&token("", "1", CKF_LOGIN_REQUIRED), "new", cause());
    assert!(!nothing.to_string().contains("deleted"), "{nothing}");
}

#[test]
fn the_token_that_was_initialised_is_the_one_that_was_not_there_before() {
    let mine = token("", "1", CKF_LOGIN_REQUIRED);
    let set_up = |label, serial| token(label, serial, CKF_TOKEN_INITIALIZED);
    let (before, all) = (
        ["1".to_owned(), "2".to_owned()],
        [
            set_up("other", "4"),
            token("new", "5", CKF_LOGIN_REQUIRED),
            set_up("new", "2"),
            set_up("new", "1"),
            set_up("new", "3"),
        ],
    );
    let serial = |all: &[TokenInfo]| {
        let found = likeliest(all.to_vec(), &mine, &before, "new");
        found.map(|it| it.serial)
    };
    assert_eq!(serial(&all).as_deref(), Some("3"));
    assert_eq!(
        serial(&all[..4]).as_deref(),
        Some("1"),
        "it kept its serial"
    );
    assert_eq!(serial(&all[..3]).as_deref(), Some("2"));
    // Not every module says that it is initialised.
    assert_eq!(serial(&all[..2]).as_deref(), Some("5"));
    assert_eq!(serial(&all[..1]), None);
}
