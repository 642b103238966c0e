//! Percent-encoding with the character sets of RFC 7512.

use percent_encoding::percent_encode_byte;

use crate::text::hex;

/// A value that cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    Escape,
    Unencoded(char),
}

/// `pk11-pchar` without its escapes: what may stand as itself in a path attribute.
pub(super) fn is_path_char(byte: u8) -> bool {
    is_common_char(byte) || byte == b'&'
}

/// `pk11-qchar` without its escapes: what may stand as itself in a query attribute.
pub(super) fn is_query_char(byte: u8) -> bool {
    is_common_char(byte) || b"/?|".contains(&byte)
}

fn is_common_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=".contains(&byte)
}

/// Decodes `%xx`, strictly: every other character must be allowed to stand as itself.
pub(super) fn decode(value: &str, allowed: fn(u8) -> bool) -> Result<Vec<u8>, DecodeError> {
    let as_itself = |character: &char| u8::try_from(*character).is_ok_and(allowed);
    let mut decoded = Vec::with_capacity(value.len());
    for (index, part) in value.split('%').enumerate() {
        let mut plain = part;
        if index > 0 {
            let (digits, rest) = part.split_at_checked(2).ok_or(DecodeError::Escape)?;
            let byte: [u8; 1] = hex::array(digits.as_bytes()).ok_or(DecodeError::Escape)?;
            decoded.extend(byte);
            plain = rest;
        }
        if let Some(other) = plain.chars().find(|it| !as_itself(it)) {
            return Err(DecodeError::Unencoded(other));
        }
        decoded.extend(plain.bytes());
    }
    Ok(decoded)
}

/// Encodes what may not stand as itself.
///
/// The apostrophe may, but a URI has `;` and `&` in it and is pasted between apostrophes in a shell.
pub(super) fn encode(value: &[u8], allowed: fn(u8) -> bool) -> String {
    let as_itself = |byte| allowed(byte) && byte != b'\'';
    value.iter().fold(String::new(), |encoded, &byte| {
        if as_itself(byte) {
            encoded + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            encoded + percent_encode_byte(byte)
        }
    })
}

/// Encodes every byte, as RFC 7512 recommends for `id`.
pub(super) fn encode_all(value: &[u8]) -> String {
    encode(value, |_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_is_strict() {
        for bad in ["%", "%4", "%zz", "%4z", "%+1", "a%", "%é1"] {
            assert_eq!(decode(bad, is_path_char), Err(DecodeError::Escape), "{bad}");
        }
        for (bad, character) in [
            ("a b", ' '),
            ("a/b", '/'),
            ("a?b", '?'),
            ("a#b", '#'),
            ("é", 'é'),
            ("a\nb", '\n'),
        ] {
            assert_eq!(
                decode(bad, is_path_char),
                Err(DecodeError::Unencoded(character)),
                "{bad}"
            );
        }
        assert_eq!(
            decode("%c3%A9%00", is_path_char),
            Ok("é\0".as_bytes().to_vec())
        );
    }

    #[test]
    fn path_and_query_differ_in_their_reserved_characters() {
        assert_eq!(encode(b"a&b/c?d|e", is_path_char), "a&b%2Fc%3Fd%7Ce");
        assert_eq!(encode(b"a&b/c?d|e", is_query_char), "a%26b/c?d|e");
        assert_eq!(encode(b"it's; 100%", is_path_char), "it%27s%3B%20100%25");
    }

    #[test]
    fn an_id_is_encoded_wholly() {
        assert_eq!(encode_all(b"\x00aZ\xff"), "%00%61%5A%FF");
    }
}
