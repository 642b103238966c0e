use super::*;
use crate::token::PinState;

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
        TokenError::ForeignSettings {
            files: vec!["/project/settings.conf".into()],
            reason: "not permitted".into(),
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
        TokenError::Device {
            call: "C_Login",
            rv: "DeviceError".into(),
            pin_sent: true,
        },
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
        TokenError::SessionsTaken {
            label: label(),
            count: Some(16),
        },
        TokenError::NoAuthenticationKey(label()),
        TokenError::SoPinBlocked(label()),
        TokenError::PinBlocked(label()),
        TokenError::FinalTry(label()),
        TokenError::Pin(PinError::NobodyToAsk {
            token: label(),
            missing: MissingPin::User,
        }),
        TokenError::Pin(PinError::File {
            path: "/run/pin".into(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
        TokenError::Pin(PinError::Empty("/run/pin".into())),
        TokenError::Pin(PinError::NotGiven("no PIN was typed".into())),
        TokenError::NoKey {
            login_required: true,
            label: label(),
            wanted: "any".into(),
            present: vec![],
            recorded: None,
        },
        TokenError::NoKey {
            login_required: true,
            label: label(),
            wanted: "any".into(),
            present: vec![],
            recorded: Some("pkcs11:token=mine;id=%01".into()),
        },
        TokenError::KeysGone(label()),
        TokenError::KeyAmbiguous(vec![]),
        TokenError::NotSupported {
            what: "the token makes no RSA keys".into(),
            remedy: Remedy::AdoptKey,
        },
        TokenError::Unfinished {
            state: "the new key was removed again".into(),
            cause: Box::new(TokenError::PinBlocked(label())),
            remedy: None,
        },
    ]
}

#[test]
fn every_error_says_what_is_wrong_and_what_to_do() {
    for error in every_variant() {
        let (message, hint) = (error.to_string(), token(&error));
        assert!(!message.is_empty() && !message.ends_with('.'), "{message}");
        let sentence = hint.ends_with('.')
            && hint.starts_with(|first: char| first.is_ascii_uppercase() || first == '`');
        assert!(sentence, "{error:?}: {hint}");
    }
}

#[test]
fn only_a_login_may_have_cost_an_attempt() {
    let device = |pin_sent| {
        token(&TokenError::Device {
            call: "C_Login",
            rv: "DeviceError".into(),
            pin_sent,
        })
    };
    assert!(device(true).contains("is not known"));
    assert!(device(false).contains("no PIN attempt was spent"));
}

#[test]
fn a_state_that_needs_nothing_leaves_the_cause_to_be_mended() {
    let unfinished = |remedy| {
        token(&TokenError::Unfinished {
            state: "the new key was removed again".into(),
            cause: Box::new(TokenError::KeyAmbiguous(vec![])),
            remedy,
        })
    };
    assert_eq!(
        unfinished(None),
        "Name one of them with --key: its id or its URI."
    );
    assert_eq!(
        unfinished(Some(Remedy::Delete("pkcs11:serial=1;id=%01".into()))),
        "Delete it with `iexec-hsm key delete 'pkcs11:serial=1;id=%01'`, or with the vendor's tool."
    );
}
