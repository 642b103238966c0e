//! Names that people type in the place of a URI: a label or a word of it, an id, an address or its first digits.

use super::Uri;
use crate::text::hex::hex;

/// Digits that an address is told by at least.
const FEWEST_DIGITS: usize = 4;

/// Digits of an address that labels have.
const DIGITS_IN_LABELS: usize = 8;

impl Uri {
    /// Names whatever object people may call so.
    pub(crate) fn for_short_name(name: &str) -> Self {
        Self {
            short_name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// What is said of a thing that is not found: its short name or its token's label, in quotes, where nothing else is
    /// known, or the URI without its query.
    pub(crate) fn in_words(&self) -> String {
        let identity = self.identity();
        match (&self.short_name, &self.token) {
            (Some(name), _) => format!("{name:?}"),
            (None, Some(label)) if identity == Self::for_label(label) => format!("{label:?}"),
            (None, _) => identity.to_string(),
        }
    }

    /// The short name.
    pub(crate) fn short_name(&self) -> Option<&str> {
        self.short_name.as_deref()
    }

    /// Whether the short name, if there is one, is that of an object with this id and label.
    pub(super) fn short_name_fits(&self, id: &[u8], label: &[u8]) -> bool {
        let Some(name) = &self.short_name else {
            return true;
        };
        let label = String::from_utf8_lossy(label);
        let is_id = !id.is_empty() && bare(name).eq_ignore_ascii_case(&hex(id));
        let is_word = |it: &str| it.eq_ignore_ascii_case(bare(name));
        let is_of_address = |it: &str| {
            it.len() >= DIGITS_IN_LABELS
                && is_hex(it)
                && digits(name).is_some_and(|digits| begins(it, digits) || begins(digits, it))
        };
        is_id || *label == **name || label.split(' ').any(|it| is_word(it) || is_of_address(it))
    }

    /// Whether the short name is this address, in hexadecimal digits, or the first digits of it.
    pub(crate) fn short_name_is_address(&self, address: &str) -> bool {
        let name = self.short_name.as_deref();
        let named = name.and_then(|name| match bare(name) {
            it if it.len() >= DIGITS_IN_LABELS && is_hex(it) => Some(it),
            _ => digits(name),
        });
        named.is_some_and(|digits| begins(bare(address), digits))
    }
}

/// The first digits of an address, which are written with `0x` in front.
fn digits(name: &str) -> Option<&str> {
    let digits = bare(name);
    let are_digits = digits.len() >= FEWEST_DIGITS && is_hex(digits);
    (digits.len() < name.len() && are_digits).then_some(digits)
}

fn bare(name: &str) -> &str {
    let bare = name.strip_prefix("0x").or_else(|| name.strip_prefix("0X"));
    bare.unwrap_or(name)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_hexdigit())
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_what_people_call_it() {
        let fits = |name: &str| {
            Uri::for_short_name(name).matches_object(b"\xdc\xe1", b"iexec result key 7e5f4552")
        };
        for name in [
            "dce1",
            "DCE1",
            "0xdce1",
            "7e5f4552",
            "7E5F4552",
            "iexec result key 7e5f4552",
            "0x7e5f4552",
            "0x7E5F",
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        ] {
            assert!(fits(name), "{name}");
        }
        for name in [
            "dce",
            "dce1f0",
            "7e5f",
            "0x7e5",
            "7e5f4553",
            "0x7E5F4553091A69125d5DfCb7b8C2659029395Bdf",
            "Iexec result key 7e5f4552",
            "",
            "0x",
        ] {
            assert!(!fits(name), "{name}");
        }
        assert!(!Uri::for_short_name("").matches_object(b"", b"label"));
    }

    #[test]
    fn a_wallet_is_known_by_its_address() {
        let is = |name: &str| {
            Uri::for_short_name(name)
                .short_name_is_address("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
        };
        for name in [
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
            "0x7e5f",
            "7e5f4552",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "7e5f",
            "0x7e5",
            "wallet",
            "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf00",
        ] {
            assert!(!is(name), "{name}");
        }
        assert!(!Uri::default().short_name_is_address("0x7e5f"));
    }
}
