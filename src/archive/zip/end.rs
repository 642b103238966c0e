//! The end of a zip: how many entries there are, and where their directory is.
//!
//! This part is read by hand even for random access, so that the size of the directory is known and
//! bounded before anything is built from it.

use super::records::{u16_at, u32_at, u64_at};

/// The central directory as the end of a zip declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    pub entries: u64,
    pub size: u64,
    pub start: u64,
}

/// The end of the central directory, without its signature.
#[derive(Debug)]
pub struct End {
    disks: [u16; 2],
    entries_here: u16,
    entries: u16,
    size: u32,
    start: u32,
    pub comment_len: u16,
}

impl End {
    pub const LEN: usize = 18;

    pub fn parse(bytes: &[u8; Self::LEN]) -> Self {
        Self {
            disks: [u16_at(bytes, 0), u16_at(bytes, 2)],
            entries_here: u16_at(bytes, 4),
            entries: u16_at(bytes, 6),
            size: u32_at(bytes, 8),
            start: u32_at(bytes, 12),
            comment_len: u16_at(bytes, 16),
        }
    }

    /// The directory, from this end and the wide one if there is one.
    pub fn directory(&self, wide: Option<&End64>) -> Result<Directory, &'static str> {
        if self.disks != [0, 0] || self.entries_here != self.entries {
            return Err("it is one part of several");
        }
        let narrow = Directory {
            entries: self.entries.into(),
            size: self.size.into(),
            start: self.start.into(),
        };
        let Some(wide) = wide else {
            return Ok(narrow);
        };
        let agree = |narrow: u64, none: u64, wide: u64| narrow == none || narrow == wide;
        if !agree(narrow.entries, u16::MAX.into(), wide.0.entries)
            || !agree(narrow.size, u32::MAX.into(), wide.0.size)
            || !agree(narrow.start, u32::MAX.into(), wide.0.start)
        {
            return Err("its two end records disagree");
        }
        Ok(wide.0)
    }
}

/// The wide end of the central directory.
#[derive(Debug)]
pub struct End64(Directory);

impl End64 {
    pub const LEN: usize = 52;

    pub fn parse(bytes: &[u8; Self::LEN]) -> Result<Self, &'static str> {
        let entries = u64_at(bytes, 28);
        // The record counts itself without signature and length; only encrypted directories
        // would make it longer.
        if u64_at(bytes, 0) != (Self::LEN - 8) as u64 {
            return Err("its zip64 end record has an unknown form");
        }
        if u64_at(bytes, 12) != 0 || u64_at(bytes, 20) != entries {
            return Err("it is one part of several");
        }
        Ok(Self(Directory {
            entries,
            size: u64_at(bytes, 36),
            start: u64_at(bytes, 44),
        }))
    }
}

/// The record that says where the wide end is.
#[derive(Debug)]
pub struct Locator {
    pub end64_start: u64,
}

impl Locator {
    pub const LEN: usize = 16;

    pub fn parse(bytes: &[u8; Self::LEN]) -> Result<Self, &'static str> {
        if u32_at(bytes, 0) != 0 || u32_at(bytes, 12) > 1 {
            return Err("it is one part of several");
        }
        Ok(Self {
            end64_start: u64_at(bytes, 4),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const WIDE: Directory = Directory {
        entries: 3,
        size: 4,
        start: 5,
    };

    fn end(entries: u16, size: u32, start: u32) -> End {
        let mut bytes = [0; End::LEN];
        bytes[4..6].copy_from_slice(&entries.to_le_bytes());
        bytes[6..8].copy_from_slice(&entries.to_le_bytes());
        bytes[8..12].copy_from_slice(&size.to_le_bytes());
        bytes[12..16].copy_from_slice(&start.to_le_bytes());
        End::parse(&bytes)
    }

    #[test]
    fn a_wide_end_must_agree_where_the_narrow_one_says_something() {
        let wide = End64(WIDE);
        let (none16, none32) = (u16::MAX, u32::MAX);
        for good in [end(none16, 4, 5), end(3, none32, 5), end(3, 4, none32)] {
            assert_eq!(good.directory(Some(&wide)), Ok(WIDE));
        }
        assert_eq!(end(3, 4, 5).directory(Some(&wide)), Ok(WIDE));
        for bad in [
            end(3, 4, 6),
            end(2, none32, none32),
            end(none16, 3, none32),
            end(none16, none32, 4),
        ] {
            assert!(bad.directory(Some(&wide)).is_err(), "{bad:?}");
        }
        assert_eq!(end(none16, 1, 2).directory(None).unwrap().entries, 0xffff);
    }

    #[test]
    fn parts_of_several_are_refused() {
        for at in [0, 2, 4] {
            let mut bytes = [0; End::LEN];
            bytes[at] = 1;
            assert!(End::parse(&bytes).directory(None).is_err(), "byte {at}");
        }
        let mut bytes = [0; End64::LEN];
        bytes[0] = 44;
        assert!(End64::parse(&bytes).is_ok());
        for at in [0, 12, 16, 20] {
            let mut bytes = bytes;
            bytes[at] ^= 1;
            assert!(End64::parse(&bytes).is_err(), "byte {at}");
        }
        for (at, value) in [(0, 1), (12, 2)] {
            let mut bytes = [0; Locator::LEN];
            bytes[at] = value;
            assert!(Locator::parse(&bytes).is_err(), "byte {at}");
        }
    }
}
