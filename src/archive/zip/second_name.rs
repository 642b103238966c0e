//! The second name that an entry may have: the Unicode path of Info-ZIP, in an extra field of each of
//! its two headers. Some readers take it for the name and others do not, so it has to be the same.

use std::io;

use super::records::{u16_at, u32_at};
use crate::file::ReadAt;

/// A Unicode path among the extra fields.
const UNICODE_PATH: u16 = 0x7075;

/// The bytes of a header before its name, and where in it the lengths of name and extra fields are.
struct Header {
    fixed: u64,
    lengths: usize,
}

const LOCAL: Header = Header {
    fixed: 30,
    lengths: 26,
};
const CENTRAL: Header = Header {
    fixed: 46,
    lengths: 28,
};

/// Whether both headers of an entry have `name`, and give it no other one.
pub fn agrees(
    file: &dyn ReadAt,
    local_start: u64,
    central_start: u64,
    name: &[u8],
) -> io::Result<bool> {
    Ok(CENTRAL.is_of(file, central_start, name)? && LOCAL.is_of(file, local_start, name)?)
}

impl Header {
    fn is_of(&self, file: &dyn ReadAt, start: u64, name: &[u8]) -> io::Result<bool> {
        let mut lengths = [0; 4];
        file.read_exact_at(&mut lengths, start.saturating_add(self.lengths as u64))?;
        let name_len = usize::from(u16_at(&lengths, 0));
        let mut rest = vec![0; name_len + usize::from(u16_at(&lengths, 2))];
        file.read_exact_at(&mut rest, start.saturating_add(self.fixed))?;
        let (own, extra) = rest.split_at(name_len);
        Ok(own == name && has_no_other(extra, name))
    }
}

/// Whether each Unicode path among these extra fields is made for `name` and says the same.
fn has_no_other(mut extra: &[u8], name: &[u8]) -> bool {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some((field, rest)) = extra[4..].split_at_checked(len) else {
            return false;
        };
        if id == UNICODE_PATH && !says(field, name) {
            return false;
        }
        extra = rest;
    }
    true
}

/// Whether a Unicode path is of the known version, has the CRC of `name`, and is the same.
fn says(field: &[u8], name: &[u8]) -> bool {
    field.len() >= 5
        && field[0] == 1
        && u32_at(field, 1) == crc32fast::hash(name)
        && field[5..] == *name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: u16, version: u8, crc: u32, path: &[u8]) -> Vec<u8> {
        let data = [&[version][..], &crc.to_le_bytes(), path].concat();
        let head = [id.to_le_bytes(), (data.len() as u16).to_le_bytes()].concat();
        [head, data].concat()
    }

    #[test]
    fn only_the_same_name_agrees() {
        let name = "r\u{e9}sultat".as_bytes();
        let crc = crc32fast::hash(name);
        let same = field(UNICODE_PATH, 1, crc, name);
        let other = field(UNICODE_PATH, 1, crc, b"other");
        assert!(has_no_other(&[], name));
        assert!(has_no_other(&same, name));
        assert!(has_no_other(&[same.clone(), same.clone()].concat(), name));
        assert!(has_no_other(&field(0x9999, 1, 0, b"other"), name));
        for wrong in [
            other.clone(),
            [same.clone(), other.clone()].concat(),
            [other, same.clone()].concat(),
            field(UNICODE_PATH, 1, crc ^ 1, name),
            field(UNICODE_PATH, 2, crc, name),
            [&UNICODE_PATH.to_le_bytes()[..], &[3, 0, 1, 2, 3]].concat(),
            same[..same.len() - 1].to_vec(),
        ] {
            assert!(!has_no_other(&wrong, name), "{wrong:x?}");
        }
    }
}
