use super::super::{MissingPin, PinState};
use cryptoki::error::RvError;

use super::*;

#[test]
fn what_the_token_says_of_attempts_is_in_the_message() {
    let wrong = |state| TokenError::PinWrong {
        label: "mine".into(),
        state,
    };
    let refused = "the token \"mine\" refused the PIN";
    assert_eq!(wrong(PinState::Ok).to_string(), refused);
    assert_eq!(
        wrong(PinState::FinalTry).to_string(),
        format!("{refused}; one attempt is left")
    );
}

#[test]
fn return_values_have_their_names() {
    assert_eq!(rv_name(&RvError::PinIncorrect), "PinIncorrect");
    assert_eq!(rv_name(&RvError::VendorDefined(0x8000_0001)), "0x80000001");
}

#[test]
fn only_a_login_may_have_cost_an_attempt() {
    let login = TokenError::login(CallError {
        call: "C_Login",
        rv: RvError::DeviceError,
    });
    assert!(matches!(login, TokenError::Device { pin_sent: true, .. }));
    let other = TokenError::device("C_Decrypt", "DeviceError");
    assert!(matches!(
        other,
        TokenError::Device {
            pin_sent: false,
            ..
        }
    ));
}

#[test]
fn a_login_that_did_not_come_to_the_pin_cost_no_attempt() {
    let login = |rv| {
        TokenError::login(CallError {
            call: "C_Login",
            rv,
        })
    };
    for rv in [RvError::SessionHandleInvalid, RvError::UserTypeInvalid] {
        let sent = matches!(login(rv), TokenError::Device { pin_sent: true, .. });
        assert!(!sent, "{rv:?}");
    }
}

/// One of each kind. Whoever adds one is told by the compiler to add it here.
fn one_of_each() -> Vec<TokenError> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    // Paths need not be text.
    let path = || PathBuf::from(OsString::from_vec(b"/m\xff.so".to_vec()));
    let (label, words) = (|| "caf\u{e9} \"1\"".to_owned(), || "more words".to_owned());
    let cause = PinError::File {
        path: path(),
        source: std::io::Error::other("no such file"),
    };
    let all = vec![
        TokenError::NoModule(vec![Tried {
            path: path(),
            reason: words(),
        }]),
        TokenError::Module {
            path: path(),
            reason: words(),
        },
        TokenError::ForeignSettings {
            files: vec![path(), "b".into()],
            reason: words(),
        },
        TokenError::NoToken {
            wanted: words(),
            present: vec![label()],
        },
        TokenError::TokenAmbiguous(vec![label(), words()]),
        TokenError::NotReady {
            label: label(),
            reason: words(),
        },
        TokenError::PinNotReady {
            label: label(),
            reason: "it has to be changed",
        },
        TokenError::Device {
            call: "C_Login",
            rv: words(),
            pin_sent: true,
        },
        TokenError::SessionsTaken {
            label: label(),
            count: Some(16),
        },
        TokenError::NoAuthenticationKey(label()),
        TokenError::PinWrong {
            label: label(),
            state: PinState::FinalTry,
        },
        TokenError::SoPinWrong {
            label: label(),
            set_up: true,
        },
        TokenError::SoPinBlocked(label()),
        TokenError::PinBlocked(label()),
        TokenError::FinalTry(label()),
        PinError::NobodyToAsk {
            token: label(),
            missing: MissingPin::NotKept,
        }
        .into(),
        TokenError::NoKey {
            label: label(),
            wanted: words(),
            present: vec![label()],
            login_required: true,
            recorded: Some(words()),
        },
        TokenError::KeysGone(label()),
        TokenError::KeyAmbiguous(vec![label()]),
        TokenError::NotSupported {
            what: words(),
            remedy: Remedy::Capability("decrypt-pkcs"),
        },
        TokenError::Unfinished {
            state: words(),
            cause: Box::new(cause.into()),
            remedy: Some(Remedy::AdoptOrDelete(words())),
        },
    ];
    for error in &all {
        match error {
            TokenError::NoModule(_)
            | TokenError::Module { .. }
            | TokenError::ForeignSettings { .. }
            | TokenError::NoToken { .. }
            | TokenError::TokenAmbiguous(_)
            | TokenError::NotReady { .. }
            | TokenError::PinNotReady { .. }
            | TokenError::Device { .. }
            | TokenError::SessionsTaken { .. }
            | TokenError::NoAuthenticationKey(_)
            | TokenError::PinWrong { .. }
            | TokenError::SoPinWrong { .. }
            | TokenError::SoPinBlocked(_)
            | TokenError::PinBlocked(_)
            | TokenError::FinalTry(_)
            | TokenError::Pin(_)
            | TokenError::NoKey { .. }
            | TokenError::KeysGone(_)
            | TokenError::KeyAmbiguous(_)
            | TokenError::NotSupported { .. }
            | TokenError::Unfinished { .. } => {}
        }
    }
    all
}

#[test]
fn what_another_process_tells_is_the_same_error() {
    for error in one_of_each() {
        let json = serde_json::to_string(&error).unwrap();
        let told: TokenError = serde_json::from_str(&json).unwrap();
        assert_eq!(format!("{told:?}"), format!("{error:?}"));
        assert_eq!(told.to_string(), error.to_string());
        assert_eq!(told.is_of_device(), error.is_of_device());
    }
}
