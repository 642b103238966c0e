//! What stands before and after the data of an entry, read in order.

use std::io::{self, Read};

use super::records::{
    Content, DESCRIPTOR, LOCAL, Method, flags, is_descriptor, readable, u16_at, u32_at, u64_at,
};

/// Wide sizes among the extra fields.
const WIDE: u16 = 1;

/// The header before an entry's data, as far as it tells how to read on.
#[derive(Debug)]
pub struct LocalHeader {
    pub name: Vec<u8>,
    pub method: Method,
    has_descriptor: bool,
    /// Whether sizes have eight bytes.
    is_wide: bool,
    /// Bytes of data; none where it does not say.
    compressed: Option<u64>,
}

impl LocalHeader {
    const LEN: usize = 30;

    /// Reads one; none where something else stands there, or the data cannot be read.
    pub fn read(zip: &mut impl Read) -> io::Result<Option<Self>> {
        let mut fixed = [0; Self::LEN];
        zip.read_exact(&mut fixed[..4])?;
        if !fixed.starts_with(&LOCAL.to_le_bytes()) {
            return Ok(None);
        }
        zip.read_exact(&mut fixed[4..])?;
        let mut name = vec![0; usize::from(u16_at(&fixed, 26))];
        let mut extra = vec![0; usize::from(u16_at(&fixed, 28))];
        zip.read_exact(&mut name)?;
        zip.read_exact(&mut extra)?;
        let flag_bits = u16_at(&fixed, 6);
        let Ok(method) = readable(flag_bits, u16_at(&fixed, 8)) else {
            return Ok(None);
        };
        let wide = wide_sizes(&extra);
        Ok(Some(Self {
            name,
            method,
            has_descriptor: flag_bits & flags::DESCRIPTOR != 0,
            is_wide: wide.is_some(),
            compressed: match u32_at(&fixed, 18) {
                // The second of both.
                u32::MAX => wide.filter(|it| it.len() >= 16).map(|it| u64_at(it, 8)),
                narrow => Some(narrow.into()),
            },
        }))
    }

    /// Bytes of data that are stored as they are; none where that comes after them.
    pub fn stored_len(&self) -> Option<u64> {
        self.compressed.filter(|_| !self.has_descriptor)
    }

    /// Reads the descriptor after the data, if there is one. Returns whether it is that of `content`.
    pub fn descriptor_passes(&self, zip: &mut impl Read, content: &Content) -> io::Result<bool> {
        if !self.has_descriptor {
            return Ok(true);
        }
        let mut bytes = [0; 24];
        zip.read_exact(&mut bytes[..4])?;
        let signature = match bytes.starts_with(&DESCRIPTOR.to_le_bytes()) {
            true => 4,
            false => 0,
        };
        // Some programs do not announce wide sizes that they could not know.
        let is_wide = self.is_wide || content.compressed.max(content.size) > u32::MAX.into();
        let len = signature + if is_wide { 20 } else { 12 };
        zip.read_exact(&mut bytes[4..len])?;
        Ok(is_descriptor(&bytes[..len], content))
    }
}

/// The field with wide sizes.
fn wide_sizes(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (head, rest) = extra.split_at_checked(4)?;
        let (field, rest) = rest.split_at_checked(u16_at(head, 2).into())?;
        if u16_at(head, 0) == WIDE {
            return Some(field);
        }
        extra = rest;
    }
}
