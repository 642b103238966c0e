//! PINs that devices are delivered with, and everybody knows.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ui::status_line;
use crate::token::{Pin, PinRequest, PinUse, TokenInfo};

/// A PIN that devices are delivered with.
struct FactoryPin {
    /// Words in what a token says of itself, in small letters; one of them tells the device.
    words: &'static [&'static str],
    device: &'static str,
    user: &'static str,
    so: Option<&'static str>,
    /// What to do, where PKCS#11 cannot change it.
    instead: Option<&'static str>,
}

const FACTORY_PINS: [FactoryPin; 4] = [
    FactoryPin {
        words: &["yubihsm"],
        device: "a YubiHSM 2",
        user: "0001password",
        so: None,
        instead: Some("replace that authentication key with `yubihsm-shell`"),
    },
    FactoryPin {
        words: &["yubikey", "piv_ii"],
        device: "a PIV card",
        user: "123456",
        // The management key.
        so: Some("010203040506070801020304050607080102030405060708"),
        instead: None,
    },
    FactoryPin {
        words: &["openpgp"],
        device: "an OpenPGP card",
        user: "123456",
        so: Some("12345678"),
        instead: None,
    },
    FactoryPin {
        words: &["smartcard-hsm", "cardcontact", "nitrokey hsm"],
        device: "a Nitrokey HSM",
        user: "648219",
        so: Some("3537363231383830"),
        instead: None,
    },
];

/// Whether a person was warned of that of the user, of one that is not changed here, and of that of the SO.
static USER: AtomicBool = AtomicBool::new(false);
static UNCHANGEABLE: AtomicBool = AtomicBool::new(false);
static SO: AtomicBool = AtomicBool::new(false);

/// The factory default that the token has taken as the PIN that it asked for.
fn taken(request: &PinRequest<'_>, pin: &Pin) -> Option<&'static FactoryPin> {
    let said = said_of(request.token);
    FACTORY_PINS.iter().find(|it| {
        let default = match request.purpose {
            PinUse::Login | PinUse::KeyUse(_) => Some(it.user),
            PinUse::So => it.so,
            _ => None,
        };
        let is_device = it.words.iter().any(|word| said.contains(word));
        is_device && default.is_some_and(|default| pin.equals(&Pin::from(default)))
    })
}

/// What a token says of its maker and model, in small letters. Its label is the user's own word, but for that of an OpenPGP
/// card, which has no other.
fn said_of(token: &TokenInfo) -> String {
    let label = match token.label.starts_with("OpenPGP card") {
        true => &*token.label,
        false => "",
    };
    let words = [&*token.manufacturer, &token.model, label];
    words.join("\n").to_ascii_lowercase()
}

/// Whether a person was warned of a user PIN that can be changed here.
pub(crate) fn was_taken() -> bool {
    USER.load(Ordering::Relaxed)
}

/// Warns a person once of a PIN that the token has taken, if it is the factory default. Nothing of it is kept.
pub(crate) fn warn(request: &PinRequest<'_>, pin: &Pin) {
    let Some(factory) = taken(request, pin) else {
        return;
    };
    let (is_told, what, change) = match (&request.purpose, factory.instead) {
        (PinUse::So, _) => (
            &SO,
            "SO PIN",
            "change it with `iexec-hsm token change-pin --so`",
        ),
        (_, Some(instead)) => (&UNCHANGEABLE, "PIN", instead),
        (_, None) => (&USER, "PIN", "change it with `iexec-hsm token change-pin`"),
    };
    if !is_told.swap(true, Ordering::Relaxed) {
        let (label, device) = (&request.token.label, factory.device);
        status_line::say(&format!(
            "warning: the {what} of the token {label:?} is the factory default of {device}; {change}"
        ));
    }
}
