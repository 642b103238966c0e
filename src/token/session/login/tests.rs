//! Checks of a PIN before it is sent, and the error for a refusal.

#![allow(clippy::unwrap_used, clippy::panic)]

use cryptoki_sys::{
    CK_FLAGS, CKF_PROTECTED_AUTHENTICATION_PATH, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
    CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED,
};

use super::*;
use crate::token::NoPins;
use crate::token::testing::{SET_UP, token};

const READY: CK_FLAGS = SET_UP | CKF_USER_PIN_INITIALIZED;

#[test]
fn the_last_attempt_is_never_used_without_a_person() {
    let last = token("mine", "1", READY | CKF_USER_PIN_FINAL_TRY);
    for pins in [&mut Pin::from("1234") as &mut dyn PinSource, &mut NoPins] {
        let error = check_state(&last, PinUse::Login, pins).unwrap_err();
        assert!(matches!(error, TokenError::FinalTry(label) if label == "mine"));
    }
    check_state(&last, PinUse::Login, &mut Person::default()).unwrap();
    let low = token("mine", "1", READY | CKF_USER_PIN_COUNT_LOW);
    for usable in [low, token("mine", "1", READY)] {
        check_state(&usable, PinUse::Login, &mut Pin::from("1234")).unwrap();
    }
}

#[test]
fn a_pin_that_is_blocked_or_not_set_is_not_asked_for() {
    let locked = token("mine", "1", READY | CKF_USER_PIN_LOCKED);
    let error = check_state(&locked, PinUse::Login, &mut NoPins).unwrap_err();
    assert!(matches!(error, TokenError::PinBlocked(_)), "{error}");
    let error = check_state(&token("mine", "1", SET_UP), PinUse::Login, &mut NoPins).unwrap_err();
    let reason = "none is set";
    assert!(
        matches!(error, TokenError::PinNotReady { reason: told, .. } if told == reason),
        "{error}"
    );
}

#[test]
fn a_pin_that_is_given_is_tried_where_the_token_says_that_none_is_set() {
    let not_set = token("mine", "1", SET_UP);
    check_state(&not_set, PinUse::Login, &mut Pin::from("1234")).unwrap();
    let with_pad = token("mine", "1", SET_UP | CKF_PROTECTED_AUTHENTICATION_PATH);
    let error = check_state(&with_pad, PinUse::Login, &mut Pin::from("1234")).unwrap_err();
    assert!(matches!(error, TokenError::PinNotReady { .. }), "{error}");
}

#[test]
fn an_empty_pin_is_sent_to_a_token_that_takes_one_and_set_on_none() {
    let mut token = token("mine", "1", READY);
    for (pin_len, purpose, expected) in [
        (Some((0, 8)), PinUse::Login, true),
        (Some((0, 8)), PinUse::KeyUse("key".into()), true),
        (Some((0, 8)), PinUse::New, false),
        (Some((0, 8)), PinUse::So, false),
        (Some((4, 8)), PinUse::Login, false),
        (None, PinUse::Login, false),
    ] {
        token.pin_len = pin_len;
        let obtained = obtain(&token, purpose.clone(), &mut Pin::from(""));
        let sent = matches!(&obtained, Ok(Some(pin)) if pin.is_empty());
        assert_eq!(sent, expected, "{purpose:?} of {pin_len:?}");
        let refused = matches!(obtained, Err(TokenError::Pin(PinError::Empty(_))));
        assert_eq!(refused, !expected, "{purpose:?} of {pin_len:?}");
    }
}

#[test]
fn a_user_pin_has_a_length_that_the_token_takes() {
    let mut token = token("mine", "1", READY);
    token.pin_len = Some((4, 8));
    for (purpose, len, expected) in [
        (PinUse::Login, 3, false),
        (PinUse::Login, 4, true),
        (PinUse::Login, 8, true),
        // It may be an id and a password, of which the token tells the length.
        (PinUse::Login, 9, true),
        (PinUse::New, 9, false),
        (PinUse::KeyUse("key".into()), 3, false),
        (PinUse::KeyUse("key".into()), 9, true),
        (PinUse::So, 9, true),
        (PinUse::NewSo, 9, true),
    ] {
        let mut pins = Pin::from("9".repeat(len).as_str());
        let obtained = obtain(&token, purpose.clone(), &mut pins);
        assert_eq!(obtained.is_ok(), expected, "{purpose:?} of {len} bytes");
    }
    token.pin_len = Some((4, 255));
    obtain(
        &token,
        PinUse::Login,
        &mut Pin::from("9".repeat(256).as_str()),
    )
    .unwrap_err();
    token.pin_len = None;
    obtain(&token, PinUse::Login, &mut Pin::from("9")).unwrap();
}

/// Counts how often the reader is said to ask.
#[derive(Default)]
struct Person(usize);

impl PinSource for Person {
    fn pin(&mut self, _: &PinRequest<'_>) -> Result<Pin, PinError> {
        Ok(Pin::from("1234"))
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        true
    }

    fn on_reader(&mut self, request: &PinRequest<'_>) {
        assert_eq!(request.purpose, PinUse::New);
        self.0 += 1;
    }
}

#[test]
fn a_reader_with_a_keypad_asks_for_the_pin_itself() {
    let keypad = token("mine", "1", READY | CKF_PROTECTED_AUTHENTICATION_PATH);
    let mut person = Person::default();
    assert!(obtain(&keypad, PinUse::New, &mut person).unwrap().is_none());
    announce(&keypad, PinUse::New, &mut person);
    assert_eq!(person.0, 2);
    let none = token("mine", "1", READY);
    assert!(obtain(&none, PinUse::New, &mut person).unwrap().is_some());
    announce(&none, PinUse::New, &mut person);
    assert_eq!(person.0, 2);
}

#[test]
fn what_a_refused_login_means_depends_on_what_the_token_says_then() {
    let ready = token("mine", "1", READY);
    let last = token("mine", "1", READY | CKF_USER_PIN_FINAL_TRY);
    let locked = token("mine", "1", READY | CKF_USER_PIN_LOCKED);
    let keypad = token("mine", "1", READY | CKF_PROTECTED_AUTHENTICATION_PATH);
    let told = |rv, token| {
        let call = "C_Login";
        refused(CallError { call, rv }, token, "mine").to_string()
    };
    let wrong = "the token \"mine\" refused the PIN";
    let is_blocked = "the PIN of the token \"mine\" is blocked";
    for rv in [
        RvError::PinIncorrect,
        RvError::PinInvalid,
        RvError::PinLenRange,
        RvError::ArgumentsBad,
    ] {
        assert_eq!(told(rv, None), wrong, "{rv:?}");
        assert_eq!(told(rv, Some(&ready)), wrong, "{rv:?}");
        let one_left = format!("{wrong}; one attempt is left");
        assert_eq!(told(rv, Some(&last)), one_left, "{rv:?}");
        assert_eq!(told(rv, Some(&locked)), is_blocked, "{rv:?}");
    }
    assert_eq!(told(RvError::PinLocked, Some(&ready)), is_blocked);
    let unset = told(RvError::UserPinNotInitialized, Some(&ready));
    assert!(unset.ends_with("none is set"), "{unset}");
    let expired = told(RvError::PinExpired, Some(&ready));
    assert!(expired.ends_with("it has expired"), "{expired}");
    for rv in [RvError::FunctionCanceled, RvError::Cancel] {
        let on_reader = told(rv, Some(&keypad));
        assert_eq!(on_reader, "no PIN was entered on the reader", "{rv:?}");
        for other in [None, Some(&ready)] {
            let failed = told(rv, other);
            assert!(failed.contains("C_Login returned"), "{failed}");
        }
    }
    let failed = told(RvError::DeviceError, Some(&keypad));
    assert!(failed.ends_with("C_Login returned DeviceError"), "{failed}");
}
