//! The mechanisms of a token, as `token info` shows them.

use crate::token::Mechanism;

/// Something that is asked of a token.
struct Use {
    mechanism: &'static str,
    purpose: &'static str,
    /// Whether the token says that it does that, where it says anything.
    allowed: fn(&Mechanism) -> bool,
}

const USED: [Use; 5] = [
    Use {
        mechanism: "CKM_RSA_PKCS",
        purpose: "opens archives in the current and legacy-ecb formats",
        allowed: |it| it.decrypt,
    },
    Use {
        mechanism: "CKM_RSA_PKCS_OAEP",
        purpose: "opens archives in the guide-2019 format",
        allowed: |it| it.decrypt,
    },
    Use {
        mechanism: "CKM_RSA_PKCS_KEY_PAIR_GEN",
        purpose: "makes result keys",
        allowed: |it| it.generate_key_pair,
    },
    Use {
        mechanism: "CKM_ECDSA",
        purpose: "signs with a wallet on the token",
        allowed: |_| true,
    },
    Use {
        mechanism: "CKM_EC_KEY_PAIR_GEN",
        purpose: "makes such a wallet",
        allowed: |it| it.generate_key_pair,
    },
];

/// A line for each mechanism that is used, with the sizes of its keys; or that it is not there, or
/// not for this use.
pub(super) fn used(all: &[Mechanism]) -> impl Iterator<Item = String> {
    USED.iter().map(|used| {
        let found = all.iter().find(|it| it.name == used.mechanism);
        let what = match found {
            None => "not there".to_owned(),
            Some(found) if !(used.allowed)(found) => "not for this".to_owned(),
            Some(found) => sizes(found),
        };
        format!("  {:<25}  {what:<13}  {}", used.mechanism, used.purpose)
    })
}

/// A line for each mechanism that is not used.
pub(super) fn others(all: &[Mechanism]) -> impl Iterator<Item = String> {
    let is_used = |name: &str| USED.iter().any(|used| used.mechanism == name);
    all.iter()
        .filter(move |mechanism| !is_used(&mechanism.name))
        .map(|mechanism| {
            let line = format!("  {:<32} {}", mechanism.name, sizes(mechanism));
            line.trim_end().to_owned()
        })
}

/// Returns nothing where the mechanism has no keys, or the token does not tell.
fn sizes(mechanism: &Mechanism) -> String {
    match mechanism.key_size {
        (_, 0) => String::new(),
        (min, max) => format!("{min} to {max}"),
    }
}
