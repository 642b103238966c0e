//! Extra fields: the wide sizes, and one that is refused.

use super::records::u16_at;

const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;

/// Finds the zip64 field among the extra fields of an entry.
pub fn zip64_field(mut extra: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    let mut found = None;
    // Fewer than four bytes at the end are padding, which some writers leave.
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra
            .get(4..4 + len)
            .ok_or("an extra field is longer than its header")?;
        match id {
            ZIP64 if found.is_some() => return Err("it has two zip64 fields"),
            ZIP64 => found = Some(field),
            UNICODE_PATH => return Err("it has a second name"),
            _ => {}
        }
        extra = &extra[4 + len..];
    }
    Ok(found)
}

/// Takes the wide value of a field whose narrow one says that it does not fit.
pub fn widen(narrow: u32, zip64: &mut Option<&[u8]>) -> Result<u64, &'static str> {
    let Some(field) = zip64 else {
        return Ok(narrow.into());
    };
    if narrow != u32::MAX {
        return Ok(narrow.into());
    }
    let (value, rest) = field
        .split_first_chunk()
        .ok_or("its zip64 field is too short")?;
    *field = rest;
    Ok(u64::from_le_bytes(*value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn wide_values_are_taken_in_order_and_only_where_asked() {
        let extra = [
            &[9, 9, 1, 0, 7][..],
            &[1, 0, 16, 0],
            &5u64.to_le_bytes(),
            &6u64.to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        let mut field = zip64_field(&extra).unwrap();
        assert_eq!(widen(u32::MAX, &mut field), Ok(5));
        assert_eq!(widen(3, &mut field), Ok(3));
        assert_eq!(widen(u32::MAX, &mut field), Ok(6));
        assert!(widen(u32::MAX, &mut field).is_err());
        assert_eq!(widen(u32::MAX, &mut None), Ok(0xffff_ffff));
    }

    #[test]
    fn lies_are_refused() {
        assert!(zip64_field(&[1, 0, 9, 0, 1]).is_err());
        assert!(zip64_field(&[1, 0, 0, 0, 1, 0, 0, 0]).is_err());
        assert!(zip64_field(&[0x75, 0x70, 0, 0]).is_err());
    }
}
