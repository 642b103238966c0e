use cryptoki_sys::CK_UNAVAILABLE_INFORMATION;

use super::*;
use crate::token::testing::{SET_UP, field, token};

#[test]
fn padding_of_every_kind_is_taken_off() {
    assert_eq!(padded(&field::<32>("label", b' ')), "label");
    assert_eq!(padded(&field::<32>("label", 0)), "label");
    assert_eq!(padded(b"label   \0rubbish behind it"), "label");
    assert_eq!(padded(b"two words "), "two words");
    assert_eq!(padded(&[b' '; 16]), "");
    assert_eq!(padded(&[0; 16]), "");
    assert_eq!(padded(b"\xC3\xA9\xFF  "), "\u{e9}\u{fffd}", "not all UTF-8");
}

#[test]
fn the_gravest_state_of_the_pin_is_told() {
    let state = |flags| token("", "", flags).pin_state();
    let ready = SET_UP | CKF_USER_PIN_INITIALIZED;
    let low = ready | CKF_USER_PIN_COUNT_LOW;
    let last = low | CKF_USER_PIN_FINAL_TRY;
    for (flags, expected, word, note) in [
        (ready, PinState::Ok, "ok", ""),
        (SET_UP, PinState::NotSet, "not-set", ""),
        (
            low,
            PinState::CountLow,
            "count-low",
            "; attempts may be running out",
        ),
        (
            last,
            PinState::FinalTry,
            "final-try",
            "; one attempt is left",
        ),
        (
            last | CKF_USER_PIN_LOCKED,
            PinState::Blocked,
            "blocked",
            "; it is blocked now",
        ),
    ] {
        let state = state(flags);
        assert_eq!(
            (state, state.as_str(), state.note()),
            (expected, word, note)
        );
    }
    // A token that wants no login needs no PIN.
    assert_eq!(state(CKF_TOKEN_INITIALIZED), PinState::Ok);
}

#[test]
fn lengths_of_pins_that_tell_nothing_are_unknown() {
    let lengths = |min, max| {
        let raw = CK_TOKEN_INFO {
            ulMinPinLen: min,
            ulMaxPinLen: max,
            ..CK_TOKEN_INFO::default()
        };
        TokenInfo::new(0, &raw, SlotInfo::default()).pin_len
    };
    assert_eq!(lengths(4, 255), Some((4, 255)));
    assert_eq!(lengths(0, 8), Some((0, 8)));
    assert_eq!(lengths(6, 6), Some((6, 6)));
    for (min, max) in [(0, 0), (8, 4), (4, CK_UNAVAILABLE_INFORMATION)] {
        assert_eq!(lengths(min, max), None, "{min} to {max}");
    }
}

#[test]
fn a_token_is_named_by_what_it_does_not_leave_blank() {
    let token = token("my token", "", SET_UP);
    assert_eq!(token.uri().to_string(), "pkcs11:token=my%20token");
    let whole = TokenInfo {
        manufacturer: "maker".into(),
        model: "one".into(),
        serial: "0001".into(),
        ..token.clone()
    };
    let uri = "pkcs11:token=my%20token;manufacturer=maker;serial=0001;model=one";
    assert_eq!(whole.uri().to_string(), uri);
    assert!(token.fits(&token.uri()));
    let fits = |text: &str| text.parse().is_ok_and(|uri| token.fits(&uri));
    assert!(fits("pkcs11:slot-id=7"));
    assert!(!fits("pkcs11:slot-id=8"));
    assert!(!fits("pkcs11:library-description=SoftHSM"));
}

#[test]
fn a_device_is_known_by_its_serial_number_and_maker() {
    let known = token("label", "0001", SET_UP);
    assert!(token("other label", "0001", SET_UP).is_same_device(&known));
    assert!(!token("label", "0002", SET_UP).is_same_device(&known));
    let foreign = TokenInfo {
        manufacturer: "somebody else".into(),
        ..known.clone()
    };
    assert!(!foreign.is_same_device(&known));
    let nameless = token("label", "", SET_UP);
    assert!(!nameless.is_same_device(&nameless));
}

#[test]
fn each_flag_says_one_thing() {
    type Said = fn(&TokenInfo) -> bool;
    let flags: [(CK_FLAGS, Said); 6] = [
        (CKF_TOKEN_INITIALIZED, TokenInfo::says_initialised),
        (
            CKF_PROTECTED_AUTHENTICATION_PATH,
            TokenInfo::protected_authentication_path,
        ),
        (CKF_LOGIN_REQUIRED, TokenInfo::login_required),
        (CKF_WRITE_PROTECTED, TokenInfo::write_protected),
        (CKF_SO_PIN_LOCKED, TokenInfo::so_pin_blocked),
        (CKF_SO_PIN_FINAL_TRY, TokenInfo::so_pin_final_try),
    ];
    for (at, (flag, said)) in flags.iter().enumerate() {
        for (other, (_, says)) in flags.iter().enumerate() {
            let token = token("", "", *flag);
            assert_eq!(says(&token), at == other, "{flag:#x} and {other}");
        }
        assert!(!said(&token("", "", !flag)), "all but {flag:#x}");
    }
}

#[test]
fn a_token_is_called_by_its_label_or_its_slot() {
    assert_eq!(token("mine", "", SET_UP).name(), "mine");
    assert_eq!(token("", "", SET_UP).name(), "in slot 7");
    let mut device = token("mine", "", SET_UP);
    assert!(!device.is_hardware());
    device.slot_info.hardware = true;
    assert!(device.is_hardware());
}

#[test]
fn a_token_is_in_use_by_its_own_word_or_by_what_is_on_it() {
    let empty = token("", "1", CKF_LOGIN_REQUIRED);
    assert!(!empty.initialised() && empty.signs_of_use().is_empty());
    let mut with_objects = empty.clone();
    with_objects.has_objects = true;
    for (used, says, signs) in [
        (token("", "1", CKF_TOKEN_INITIALIZED), true, &[][..]),
        (token("mine", "1", 0), false, &["a label"]),
        (
            token("", "1", CKF_USER_PIN_INITIALIZED),
            false,
            &["a user PIN"],
        ),
        (with_objects, false, &["objects"]),
    ] {
        assert!(used.initialised(), "{signs:?}");
        assert_eq!(
            (used.says_initialised(), &*used.signs_of_use()),
            (says, signs)
        );
    }
}

#[test]
fn a_record_means_a_token_by_serial_and_among_those_of_one_serial_by_label() {
    let recorded = |text: &str| -> Uri { text.parse().unwrap() };
    let alone = token("mine", "5", SET_UP);
    let beside = alone.clone().beside(vec!["other".into()]);
    let zeros = token("mine", "0000", SET_UP);
    for (uri, by_itself, beside_another, of_zeros) in [
        ("pkcs11:token=mine;serial=5", true, true, false),
        // It has another label now, unless that is another token's.
        ("pkcs11:token=before;serial=5", true, true, false),
        ("pkcs11:token=other;serial=5", true, false, false),
        ("pkcs11:serial=5", true, true, false),
        ("pkcs11:token=mine;serial=6", false, false, false),
        ("pkcs11:token=mine;serial=5;model=two", false, false, false),
        ("pkcs11:token=mine", true, true, true),
        ("pkcs11:token=before", false, false, false),
        ("pkcs11:token=mine;serial=0000", false, false, true),
        ("pkcs11:token=before;serial=0000", false, false, false),
    ] {
        let uri_read = recorded(uri);
        assert_eq!(alone.is_recorded_as(&uri_read), by_itself, "{uri}");
        assert_eq!(beside.is_recorded_as(&uri_read), beside_another, "{uri}");
        assert_eq!(zeros.is_recorded_as(&uri_read), of_zeros, "{uri}");
    }
}
