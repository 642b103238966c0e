//! The names that a wrapped key and its body go by.

use super::ArchiveError;

/// The encoding and encryption of a wrapped key and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Raw RSAES-PKCS1-v1_5 of a 32-byte key; an IV, then AES-256-CBC.
    Current,
    /// Base64 of RSAES-PKCS1-v1_5 of the base64 of a 16-byte key; base64 of AES-128-ECB.
    LegacyEcb,
    /// Raw RSAES-OAEP (SHA-1) of a 16- or 32-byte key; an IV, then AES-CBC.
    Guide2019,
}

impl Scheme {
    /// The name of the scheme, as it is shown to people and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::LegacyEcb => "legacy-ecb",
            Self::Guide2019 => "guide-2019",
        }
    }
}

/// The form of an archive, and the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The encoding and encryption of key and body.
    pub scheme: Scheme,
    /// The name of the entry with the wrapped key, folder included, as it may be shown.
    pub key_entry: String,
    /// The name of the entry with the body, folder included, as it may be shown.
    pub body_entry: String,
}

/// The names of a wrapped key and of the body that it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub key: &'static str,
    pub body: &'static str,
    /// Whether the key's name alone says that it is wrapped with OAEP.
    pub oaep: bool,
}

const fn pair(key: &'static str, body: &'static str) -> Pair {
    Pair {
        key,
        body,
        oaep: false,
    }
}

const fn oaep_pair(key: &'static str, body: &'static str) -> Pair {
    Pair {
        key,
        body,
        oaep: true,
    }
}

/// The pairs as they are named from the root of a zip, or from the folder it was unzipped into.
pub(super) const FROM_ROOT: [Pair; 3] = [
    pair("aes-key.rsa", "iexec_out.zip.aes"),
    pair("iexec_out/aes-key.rsa", "iexec_out/result.zip.aes"),
    oaep_pair("iexec_out/encrypted_key", "iexec_out/result.zip.aes"),
];

/// The pairs that a folder may hold: those of the root, and what lies in `iexec_out` itself.
pub(super) const FROM_FOLDER: [Pair; 5] = [
    FROM_ROOT[0],
    FROM_ROOT[1],
    FROM_ROOT[2],
    pair("aes-key.rsa", "result.zip.aes"),
    oaep_pair("encrypted_key", "result.zip.aes"),
];

/// Chooses the one pair of which both names are present, if there is one.
pub(super) fn choose(
    pairs: &[Pair],
    present: impl Fn(&str) -> bool,
) -> Result<Option<Pair>, ArchiveError> {
    let complete: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| present(pair.key) && present(pair.body))
        .collect();
    match complete.as_slice() {
        [] => Ok(None),
        [pair] => Ok(Some(**pair)),
        several => Err(ArchiveError::Ambiguous {
            reason: several
                .iter()
                .map(|pair| format!("{} with {}", pair.body, pair.key))
                .collect::<Vec<_>>()
                .join(", and "),
        }),
    }
}

/// Returns the names that make a pair with `found`.
pub(super) fn partners(pairs: &[Pair], found: &str) -> Vec<&'static str> {
    pairs
        .iter()
        .filter_map(|pair| match found {
            name if name == pair.body => Some(pair.key),
            name if name == pair.key => Some(pair.body),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn schemes_have_the_names_that_scripts_know() {
        let schemes = [Scheme::Current, Scheme::LegacyEcb, Scheme::Guide2019];
        let names = ["current", "legacy-ecb", "guide-2019"];
        assert_eq!(schemes.map(Scheme::as_str), names);
    }

    fn from_root(names: &[&str]) -> Result<Option<Pair>, ArchiveError> {
        choose(&FROM_ROOT, |name| names.contains(&name))
    }

    #[test]
    fn each_pair_is_found_among_other_entries() {
        for pair in FROM_ROOT {
            let chosen = from_root(&["computed.json", pair.body, "notes", pair.key]).unwrap();
            assert_eq!(chosen, Some(pair));
        }
    }

    #[test]
    fn a_lone_half_has_its_partners() {
        let of = |found| partners(&FROM_ROOT, found);
        let keys = ["iexec_out/aes-key.rsa", "iexec_out/encrypted_key"];
        assert_eq!(of("iexec_out/result.zip.aes"), keys);
        assert_eq!(of("aes-key.rsa"), ["iexec_out.zip.aes"]);
        assert!(of("result.zip.aes").is_empty());
    }

    #[test]
    fn halves_of_different_layouts_make_no_pair() {
        let chosen = from_root(&["aes-key.rsa", "iexec_out/result.zip.aes"]).unwrap();
        assert_eq!(chosen, None);
    }

    #[test]
    fn two_pairs_are_refused() {
        let both_keys = [
            "iexec_out/aes-key.rsa",
            "iexec_out/encrypted_key",
            "iexec_out/result.zip.aes",
        ];
        let error = from_root(&both_keys).unwrap_err();
        assert!(matches!(error, ArchiveError::Ambiguous { .. }), "{error}");
        let two = [
            "aes-key.rsa",
            "iexec_out.zip.aes",
            "iexec_out/encrypted_key",
            "iexec_out/result.zip.aes",
        ];
        let error = from_root(&two).unwrap_err();
        assert!(matches!(error, ArchiveError::Ambiguous { .. }), "{error}");
    }

    #[test]
    fn names_are_compared_exactly() {
        for name in [
            "AES-KEY.RSA",
            "./aes-key.rsa",
            "/aes-key.rsa",
            "aes-key.rsa ",
        ] {
            let chosen = from_root(&[name, "iexec_out.zip.aes"]).unwrap();
            assert_eq!(chosen, None, "{name:?}");
        }
    }
}
