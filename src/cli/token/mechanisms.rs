//! What a token can do, as `token info` shows it.

use crate::token::Mechanism;

/// What is asked of a token: the mechanism, and what for.
const USED: [(&str, &str); 5] = [
    ("CKM_RSA_PKCS", "opens today's archives"),
    ("CKM_RSA_PKCS_OAEP", "opens archives of 2019"),
    ("CKM_RSA_PKCS_KEY_PAIR_GEN", "makes result keys"),
    ("CKM_ECDSA", "signs with a wallet on the token"),
    ("CKM_EC_KEY_PAIR_GEN", "makes such a wallet"),
];

/// A line for each mechanism that is used, with the sizes of its keys, or that it is missing or
/// does not do what it is used for.
pub(super) fn used(all: &[Mechanism]) -> impl Iterator<Item = String> {
    USED.iter().map(|(name, purpose)| {
        let found = all.iter().find(|mechanism| mechanism.name == *name);
        let what = found.map_or_else(|| "not there".to_owned(), sizes);
        format!("  {name:<25}  {what:<13}  {purpose}")
    })
}

/// A line for each mechanism that is not used.
pub(super) fn others(all: &[Mechanism]) -> impl Iterator<Item = String> {
    let is_used = |name: &str| USED.iter().any(|(used, _)| *used == name);
    all.iter()
        .filter(move |mechanism| !is_used(&mechanism.name))
        .map(|mechanism| {
            let line = format!("  {:<32} {}", mechanism.name, sizes(mechanism));
            line.trim_end().to_owned()
        })
}

/// Nothing where the mechanism has no keys, or the token does not tell.
fn sizes(mechanism: &Mechanism) -> String {
    match mechanism.key_size {
        (_, 0) => String::new(),
        (min, max) => format!("{min} to {max}"),
    }
}
