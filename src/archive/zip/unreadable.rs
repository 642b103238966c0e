//! Entries that are sound, and yet not read here.

use std::fmt;

/// Why an entry is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It wants a password.
    Encrypted,
    /// It has flags of which nobody knows what they ask for.
    UnknownFlags,
    /// It is packed by another method than deflate, of this number.
    Packed(u16),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted => out.write_str("encrypted with a zip password"),
            Self::UnknownFlags => out.write_str("marked with flags that are not known"),
            Self::Packed(method) => match method_name(*method) {
                Some(name) => write!(out, "compressed with {name}"),
                None => write!(out, "compressed by the unknown method {method}"),
            },
        }
    }
}

/// The name of a method of compression that programs in use write (APPNOTE 4.4.5).
fn method_name(method: u16) -> Option<&'static str> {
    Some(match method {
        1 => "shrink",
        6 => "implode",
        9 => "deflate64",
        12 => "bzip2",
        14 => "LZMA",
        20 | 93 => "zstd",
        95 => "xz",
        98 => "PPMd",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_pack_with_is_named() {
        for (method, name) in [(9, "deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "zstd")] {
            let said = Unreadable::Packed(method).to_string();
            assert_eq!(said, format!("compressed with {name}"));
        }
        let said = Unreadable::Packed(77).to_string();
        assert_eq!(said, "compressed by the unknown method 77");
        assert!(Unreadable::Encrypted.to_string().contains("password"));
    }
}
