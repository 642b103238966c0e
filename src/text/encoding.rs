//! The encoding of texts that people wrote, with whatever editor and system.

/// The byte order mark of UTF-8, which some editors put in front.
const MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The text without a byte order mark in front.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Whether a content is UTF-16: it says so by its mark, or all of it is ASCII in two bytes each.
pub(crate) fn is_utf16(content: &[u8]) -> bool {
    let marked = UTF16_MARKS.iter().any(|mark| content.starts_with(mark));
    let all = |wide: fn(&[u8]) -> bool| {
        content.len() >= 4 && content.len().is_multiple_of(2) && content.chunks(2).all(wide)
    };
    marked || all(|pair| pair[0] != 0 && pair[1] == 0) || all(|pair| pair[0] == 0 && pair[1] != 0)
}

/// The first line of a text, without its end and without a byte order mark in front.
pub(crate) fn first_line(text: &[u8]) -> &[u8] {
    let line = without_mark(text)
        .split(|byte| b"\n\r".contains(byte))
        .next();
    line.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_ends_at_any_end_of_line() {
        for end in ["", "\n", "\r\n", "\r", "\nmore\n", "\r\rmore"] {
            for mark in ["", "\u{feff}"] {
                let text = format!("{mark} a b {end}");
                assert_eq!(first_line(text.as_bytes()), b" a b ", "{text:?}");
            }
        }
        for empty in ["", "\n", "\u{feff}", "\u{feff}\r\n1234"] {
            assert_eq!(first_line(empty.as_bytes()), b"", "{empty:?}");
        }
    }

    #[test]
    fn one_mark_is_dropped_and_only_in_front() {
        let text = "\u{feff}\u{feff}a\u{feff}".as_bytes();
        assert_eq!(without_mark(text), "\u{feff}a\u{feff}".as_bytes());
        assert_eq!(without_mark(b"\xef\xbb"), b"\xef\xbb");
    }

    #[test]
    fn utf16_is_told_from_other_bytes() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            for text in ["\u{feff}1234\r\n", "1234", "12", "\u{feff}é", "\u{feff}"] {
                assert!(is_utf16(&wide(text, bytes)), "{text:?}");
            }
        }
        for other in [
            &b""[..],
            b"1",
            b"1\0",
            b"1234",
            b"\0\0\0\0",
            b"1\x002\x003",
            b"\x30\x82\x04\xa4\x02\x01\x00",
            b"\xef\xbb\xbf1234",
            b"\xfd\xfc\xfd\xfc",
        ] {
            assert!(!is_utf16(other), "{other:?}");
        }
    }
}
