//! Zips for the tests of this module: honest ones from the `zip` crate, and others made by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub use crate::file::testing::{Broken, Interrupted, file_of};

/// Bytes that do not compress, the same each time.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A zip as the `zip` crate writes it into a file: sizes in the local headers.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(CompressionMethod::Deflated, entries)
}

pub fn zip_with(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, data) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A stored block of a deflated stream by hand; `head` is its first byte.
pub fn stored_block(head: u8, data: &[u8]) -> Vec<u8> {
    let [low, high] = (data.len() as u16).to_le_bytes();
    [&[head, low, high, !low, !high], data].concat()
}

pub fn crc(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

/// The way in which an entry made by hand says its sizes.
#[derive(Clone, Copy, PartialEq)]
pub enum Sizes {
    /// In the local header.
    Ahead,
    /// In a zip64 field of the local header.
    AheadWide,
    /// In a descriptor, with its signature or not.
    Behind { signature: bool },
    /// In a wide descriptor, announced by a zip64 field.
    BehindWide { signature: bool },
}

/// An entry made by hand; the fields can be made to lie.
pub struct Item {
    pub name: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub packed: Vec<u8>,
    pub crc: u32,
    pub size: u64,
    pub sizes: Sizes,
    pub attributes: u32,
    pub extra: Vec<u8>,
}

impl Item {
    pub fn deflated(name: &str, data: &[u8], sizes: Sizes) -> Self {
        Self {
            method: 8,
            packed: deflate(data),
            ..Self::stored(name, data, sizes)
        }
    }

    pub fn stored(name: &str, data: &[u8], sizes: Sizes) -> Self {
        let behind = matches!(sizes, Sizes::Behind { .. } | Sizes::BehindWide { .. });
        Self {
            name: name.into(),
            method: 0,
            flags: 0x0800 | if behind { 8 } else { 0 },
            packed: data.to_vec(),
            crc: crc(data),
            size: data.len() as u64,
            sizes,
            attributes: 0,
            extra: Vec::new(),
        }
    }

    /// The local header, the data and the descriptor.
    pub fn local(&self) -> Vec<u8> {
        let packed = self.packed.len() as u64;
        let none = u32::MAX;
        let (crc, narrow, wide) = match self.sizes {
            Sizes::Ahead => (self.crc, [packed as u32, self.size as u32], None),
            Sizes::AheadWide => (self.crc, [none; 2], Some([self.size, packed])),
            Sizes::Behind { .. } => (0, [0; 2], None),
            Sizes::BehindWide { .. } => (0, [none; 2], Some([0; 2])),
        };
        let mut extra = wide.map_or(Vec::new(), |values| zip64_extra(&values));
        extra.extend_from_slice(&self.extra);
        let mut out = Vec::new();
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(20u16.to_le_bytes());
        out.extend(self.flags.to_le_bytes());
        out.extend(self.method.to_le_bytes());
        out.extend(0x0021_0000u32.to_le_bytes());
        out.extend(crc.to_le_bytes());
        out.extend(narrow.iter().flat_map(|value| value.to_le_bytes()));
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend((extra.len() as u16).to_le_bytes());
        out.extend(&self.name);
        out.extend(extra);
        out.extend(&self.packed);
        out.extend(self.descriptor());
        out
    }

    fn descriptor(&self) -> Vec<u8> {
        let (signature, wide) = match self.sizes {
            Sizes::Behind { signature } => (signature, false),
            Sizes::BehindWide { signature } => (signature, true),
            _ => return Vec::new(),
        };
        let mut out = Vec::new();
        if signature {
            out.extend(0x0807_4b50u32.to_le_bytes());
        }
        out.extend(self.crc.to_le_bytes());
        for value in [self.packed.len() as u64, self.size] {
            let bytes = value.to_le_bytes();
            out.extend(&bytes[..if wide { 8 } else { 4 }]);
        }
        out
    }

    pub fn central(&self, offset: u64) -> Vec<u8> {
        let packed = self.packed.len() as u64;
        let wide = matches!(self.sizes, Sizes::AheadWide | Sizes::BehindWide { .. });
        let mut extra = Vec::new();
        let mut narrow = [packed as u32, self.size as u32, offset as u32];
        if wide {
            extra = zip64_extra(&[self.size, packed, offset]);
            narrow = [u32::MAX; 3];
        }
        extra.extend_from_slice(&self.extra);
        let mut out = Vec::new();
        out.extend(0x0201_4b50u32.to_le_bytes());
        out.extend([20, 0, 20, 0]);
        out.extend(self.flags.to_le_bytes());
        out.extend(self.method.to_le_bytes());
        out.extend(0x0021_0000u32.to_le_bytes());
        out.extend(self.crc.to_le_bytes());
        out.extend(narrow[0].to_le_bytes());
        out.extend(narrow[1].to_le_bytes());
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend((extra.len() as u16).to_le_bytes());
        out.extend([0; 6]);
        out.extend(self.attributes.to_le_bytes());
        out.extend(narrow[2].to_le_bytes());
        out.extend(&self.name);
        out.extend(extra);
        out
    }
}

fn zip64_extra(values: &[u64]) -> Vec<u8> {
    let mut out = vec![1, 0];
    out.extend((values.len() as u16 * 8).to_le_bytes());
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    out
}

/// A zip made by hand, with each item under its own header.
pub fn handmade(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut central = Vec::new();
    for item in items {
        central.extend(item.central(out.len() as u64));
        out.extend(item.local());
    }
    let (start, size) = (out.len() as u64, central.len() as u64);
    out.extend(central);
    out.extend(end(items.len() as u16, size as u32, start as u32, b""));
    out
}

/// A zip made by hand, with a zip64 end.
pub fn handmade_wide(items: &[Item]) -> Vec<u8> {
    let mut out = handmade(items);
    let end_start = out.len() - 22;
    let size = u64::from(u32::from_le_bytes(
        out[end_start + 12..][..4].try_into().unwrap(),
    ));
    out.truncate(end_start);
    out.extend(0x0606_4b50u32.to_le_bytes());
    out.extend(44u64.to_le_bytes());
    out.extend([45, 0, 45, 0]);
    out.extend([0; 8]);
    let entries = items.len() as u64;
    for value in [entries, entries, size, end_start as u64 - size] {
        out.extend(value.to_le_bytes());
    }
    out.extend(0x0706_4b50u32.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.extend((end_start as u64).to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(end(u16::MAX, u32::MAX, u32::MAX, b""));
    out
}

pub fn end(entries: u16, size: u32, start: u32, comment: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0x0605_4b50u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend(entries.to_le_bytes());
    out.extend(entries.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}
