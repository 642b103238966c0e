//! The records of a zip.

use super::unreadable::Unreadable;

/// Signature of a local header.
pub const LOCAL: u32 = 0x0403_4b50;
/// Signature of a data descriptor, which may be left out.
pub const DESCRIPTOR: u32 = 0x0807_4b50;
/// Signature of the end of the central directory.
pub const END: u32 = 0x0605_4b50;
/// Signature of the wide end of the central directory.
pub const END64: u32 = 0x0606_4b50;
/// Signature of the locator of the wide end.
pub const LOCATOR: u32 = 0x0706_4b50;

/// Whether a file that begins so can be a zip; an empty one begins with its end.
pub fn begins_like_zip(first: &[u8]) -> bool {
    [LOCAL, END, END64]
        .iter()
        .any(|signature| first.starts_with(&signature.to_le_bytes()))
}

/// Names what a file is that begins so, where somebody could take it for the downloaded zip.
pub fn other_format(first: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"7z\xbc\xaf", "7z"),
        (b"Rar!", "RAR"),
        (b"\x1f\x8b", "gzip"),
        (b"BZh", "bzip2"),
        (b"\xfd7zX", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PK\x07\x08", "a part of a split zip"),
        (b"<!do", "a web page"),
        (b"<!DO", "a web page"),
        (b"<htm", "a web page"),
        (b"<HTM", "a web page"),
        (b"{\"", "JSON"),
    ];
    let known = KNOWN.iter().find(|(begin, _)| first.starts_with(begin));
    known.map(|(_, name)| *name)
}

/// Bits of an entry's flags.
pub mod flags {
    /// CRC and sizes follow the data.
    pub const DESCRIPTOR: u16 = 1 << 3;
    /// Encrypted, strongly encrypted, or with masked headers.
    pub const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
    /// Flags that the entries of results may have: deflate's level, a descriptor, a UTF-8 name.
    pub const KNOWN: u16 = 1 << 1 | 1 << 2 | DESCRIPTOR | 1 << 11;
}

/// The compression of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Stored,
    /// With deflate.
    Deflate,
}

/// The checksum and sizes that a zip declares for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    pub crc: u32,
    pub compressed: u64,
    pub size: u64,
}

/// Says how an entry is to be read, or why it is not.
pub fn readable(flag_bits: u16, method: u16) -> Result<Method, Unreadable> {
    if flag_bits & flags::ENCRYPTED != 0 {
        return Err(Unreadable::Encrypted);
    }
    if flag_bits & !flags::KNOWN != 0 {
        return Err(Unreadable::UnknownFlags);
    }
    match method {
        0 => Ok(Method::Stored),
        8 => Ok(Method::Deflate),
        other => Err(Unreadable::Packed(other)),
    }
}

/// Whether an entry's external attributes make it a symbolic link, whatever system they claim.
pub fn is_symlink(attributes: u32) -> bool {
    (attributes >> 16) & 0o170_000 == 0o120_000
}

/// Whether `bytes` are the data descriptor of this content: narrow or wide, with its signature or
/// without.
pub fn is_descriptor(bytes: &[u8], content: &Content) -> bool {
    let signature = DESCRIPTOR.to_le_bytes();
    let fields = match bytes.len() {
        12 | 20 => bytes,
        16 | 24 if bytes.starts_with(&signature) => &bytes[4..],
        _ => return false,
    };
    let (crc, sizes) = fields.split_at(4);
    let (compressed, size) = sizes.split_at(sizes.len() / 2);
    crc == content.crc.to_le_bytes()
        && le(compressed) == content.compressed
        && le(size) == content.size
}

fn le(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    le(&bytes[at..at + 4]) as u32
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    le(&bytes[at..at + 8])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn descriptors_come_in_four_forms() {
        let content = Content {
            crc: 0x0403_0201,
            compressed: 0x10,
            size: 0x20,
        };
        let narrow = [1, 2, 3, 4, 0x10, 0, 0, 0, 0x20, 0, 0, 0];
        let wide = [&narrow[..8], &[0; 4], &narrow[8..], &[0; 4]].concat();
        let signature = DESCRIPTOR.to_le_bytes();
        for fields in [&narrow[..], &wide[..]] {
            assert!(is_descriptor(fields, &content));
            let signed = [&signature[..], fields].concat();
            assert!(is_descriptor(&signed, &content));
            for at in 0..signed.len() {
                let mut wrong = signed.clone();
                wrong[at] ^= 1;
                assert!(!is_descriptor(&wrong, &content), "byte {at}");
            }
        }
        assert!(!is_descriptor(&[], &content));
    }

    #[test]
    fn each_flag_is_taken_or_refused_for_its_own_reason() {
        for bit in 0..16 {
            let expected = match bit {
                1 | 2 | 3 | 11 => Ok(Method::Stored),
                0 | 6 | 13 => Err(Unreadable::Encrypted),
                _ => Err(Unreadable::UnknownFlags),
            };
            assert_eq!(readable(1 << bit, 0), expected, "bit {bit}");
        }
        assert_eq!(readable(1 << 1 | 1 << 11, 8), Ok(Method::Deflate));
        assert_eq!(readable(0, 12), Err(Unreadable::Packed(12)));
    }

    #[test]
    fn links_are_known_by_their_mode() {
        assert!(is_symlink(0o120_777 << 16));
        assert!(!is_symlink(0o100_644 << 16));
        assert!(!is_symlink(0));
    }
}
