//! Bytes as hexadecimal digits, which are read in both letter cases.

use base16ct::mixed;

pub(crate) use base16ct::HexDisplay;
pub(crate) use base16ct::lower::encode_string as hex;

/// Fills `bytes` with the value of `digits`, leaving no copy of what may be a secret; `None` where
/// they are not exactly as many as that takes.
pub(crate) fn fill(bytes: &mut [u8], digits: &[u8]) -> Option<()> {
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    mixed::decode(digits, bytes).ok().map(drop)
}

/// The bytes of exactly `2 * N` digits.
pub(crate) fn array<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes, digits)?;
    Some(bytes)
}

/// The bytes of any even number of digits.
pub(crate) fn vec(digits: &[u8]) -> Option<Vec<u8>> {
    mixed::decode_vec(digits).ok()
}

/// The text without the `0x` or `0X` in front, if there is one.
pub(crate) fn without_prefix(text: &[u8]) -> &[u8] {
    match text {
        [b'0', b'x' | b'X', digits @ ..] => digits,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn both_letter_cases_are_read_and_nothing_else() {
        assert_eq!(array(b"00ffAa9b"), Some([0, 0xff, 0xaa, 0x9b]));
        assert_eq!(vec(b""), Some(vec![]));
        for bad in [&b"0"[..], b"0g", b"+1", b" 1", b"000", "é".as_bytes()] {
            assert_eq!(vec(bad), None, "{bad:?}");
        }
        assert_eq!(array::<2>(b"00"), None);
        for text in [&b"0x01"[..], b"0X01", b"01"] {
            assert_eq!(without_prefix(text), b"01");
        }
        assert_eq!(without_prefix(b"0x0x01"), b"0x01");
    }
}
