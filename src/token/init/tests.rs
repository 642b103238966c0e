//! What a refusal to initialise a token means.

use cryptoki_sys::{CKF_LOGIN_REQUIRED, CKF_TOKEN_INITIALIZED};

use super::super::testing::token;
use super::*;

#[test]
fn a_refused_pin_is_that_of_the_officer_who_is_there_or_to_come() {
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
    let cause = || TokenError::PinLocked("new".into());
    let lost = without_pin(&token("old", "1", CKF_TOKEN_INITIALIZED), "new", cause());
    assert!(lost.to_string().starts_with("what was on it is gone"));
    let nothing = without_pin(&token("", "1", CKF_LOGIN_REQUIRED), "new", cause());
    assert!(!nothing.to_string().contains("gone"), "{nothing}");
}
