use super::super::PinState;
use cryptoki::error::RvError;

use super::*;

fn every_variant() -> Vec<TokenError> {
    let label = || "mine".to_owned();
    vec![
        TokenError::NoModule(vec![]),
        TokenError::Module {
            path: "/m.so".into(),
            reason: "no such file".into(),
        },
        TokenError::NoToken {
            wanted: "any".into(),
            present: vec![],
        },
        TokenError::TokenAmbiguous(vec![]),
        TokenError::NotReady {
            label: label(),
            reason: "it is not initialised".into(),
        },
        TokenError::device("C_Decrypt", "DeviceError"),
        TokenError::PinWrong {
            label: label(),
            state: PinState::CountLow,
        },
        TokenError::PinNotReady {
            label: label(),
            reason: "it has expired",
        },
        TokenError::device("C_Login", "DeviceError"),
        TokenError::SoPinWrong {
            label: label(),
            set_up: true,
        },
        TokenError::SoPinWrong {
            label: label(),
            set_up: false,
        },
        TokenError::Pin(PinError::Length {
            label: label(),
            len: 3,
            min: 4,
            max: 8,
        }),
        TokenError::SoPinBlocked(label()),
        TokenError::PinBlocked(label()),
        TokenError::FinalTry(label()),
        TokenError::Pin(PinError::NobodyToAsk {
            token: label(),
            hint: "Run it in a terminal.".into(),
        }),
        TokenError::Pin(PinError::File {
            path: "/run/pin".into(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
        TokenError::Pin(PinError::Empty("/run/pin".into())),
        TokenError::Pin(PinError::NotGiven("no PIN was typed".into())),
        TokenError::NoKey {
            label: label(),
            wanted: "any".into(),
            present: vec![],
        },
        TokenError::KeyAmbiguous(vec![]),
        TokenError::NotSupported {
            what: "the token makes no RSA keys".into(),
            hint: "Use another one.".into(),
        },
        TokenError::Unfinished {
            state: "the new key was removed again".into(),
            cause: Box::new(TokenError::PinBlocked(label())),
            hint: "Unlock it.".into(),
        },
    ]
}

#[test]
fn every_error_says_what_is_wrong_and_what_to_do() {
    for error in every_variant() {
        let (message, hint) = (error.to_string(), error.hint());
        assert!(!message.is_empty() && !message.ends_with('.'), "{message}");
        let sentence = hint.ends_with('.')
            && hint.starts_with(|first: char| first.is_ascii_uppercase() || first == '`');
        assert!(sentence, "{error:?}: {hint}");
    }
}

#[test]
fn what_the_token_says_of_tries_is_in_the_message() {
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
fn only_a_login_may_have_cost_a_try() {
    let login = TokenError::login(CallError {
        call: "C_Login",
        rv: RvError::DeviceError,
    });
    let login = login.hint();
    assert!(login.contains("is not known"), "{login}");
    let other = TokenError::device("C_Decrypt", "DeviceError").hint();
    assert!(other.contains("no PIN attempt was spent"), "{other}");
}
