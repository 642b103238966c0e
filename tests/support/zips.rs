//! Zip archives written by hand, right or wrong in any field, and independent of the reader under test.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Stored,
    Deflated,
}

/// How the sizes of an entry follow its data, as a streaming writer leaves them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Descriptor {
    /// Not at all: they stand in the local header.
    None,
    /// With the usual signature in front.
    Signed,
    /// Bare.
    Bare,
}

/// One entry. The fields that are options say something else than the truth.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    pub method: Method,
    pub descriptor: Descriptor,
    /// Sizes and offset in zip64 fields, however small they are.
    pub zip64: bool,
    pub flags: u16,
    /// The system that made it, in the high byte: 0 for FAT, 3 for Unix.
    pub made_by: u16,
    pub attributes: u32,
    /// A number of the compression method, in both headers.
    pub method_id: Option<u16>,
    pub crc: Option<u32>,
    /// The uncompressed size in the central directory.
    pub size: Option<u64>,
    /// The compressed size in the central directory.
    pub packed_size: Option<u64>,
    /// The uncompressed size in the local header or descriptor.
    pub local_size: Option<u64>,
    pub local_name: Option<Vec<u8>>,
    /// The name once more in a field of Info-ZIP, made for the name that stands before it.
    pub unicode_path: Option<Vec<u8>>,
    /// Left out of the central directory.
    pub hidden: bool,
}

impl Entry {
    /// A deflated entry with its sizes in front, as the Rust post-compute writes it.
    pub fn new(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            data: data.as_ref().to_owned(),
            method: Method::Deflated,
            descriptor: Descriptor::None,
            zip64: false,
            flags: 0,
            made_by: 3 << 8 | 20,
            attributes: 0o100_644 << 16,
            method_id: None,
            crc: None,
            size: None,
            packed_size: None,
            local_size: None,
            local_name: None,
            unicode_path: None,
            hidden: false,
        }
    }

    /// A deflated entry with its sizes behind, as the Java post-compute writes it.
    pub fn java(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        Self {
            descriptor: Descriptor::Signed,
            flags: 0x0800,
            made_by: 20,
            attributes: 0,
            ..Self::new(name, data)
        }
    }

    pub fn stored(mut self) -> Self {
        self.method = Method::Stored;
        self
    }

    pub fn zip64(mut self) -> Self {
        self.zip64 = true;
        self
    }

    pub fn described(mut self, descriptor: Descriptor) -> Self {
        self.descriptor = descriptor;
        self
    }

    /// A symbolic link to whatever the data names.
    pub fn symlink(mut self) -> Self {
        self.attributes = 0o120_777 << 16;
        self
    }
}

/// An archive of entries in their order.
#[derive(Clone, Default)]
pub struct Zip {
    pub entries: Vec<Entry>,
    /// Bytes in front of the first entry; offsets count from behind them.
    pub prefix: Vec<u8>,
    pub comment: Vec<u8>,
    /// A zip64 end of the central directory, needed or not.
    pub zip64_end: bool,
    /// A number of entries in the end record other than the true one.
    pub count: Option<u16>,
}

impl Zip {
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            ..Self::default()
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let mut directory = Vec::new();
        for entry in &self.entries {
            let offset = body.len() as u64;
            let packed = entry.packed();
            entry.write_local(&mut body, &packed);
            if !entry.hidden {
                entry.write_central(&mut directory, &packed, offset);
            }
        }
        let start = body.len() as u64;
        let length = directory.len() as u64;
        body.extend(directory);
        self.write_end(&mut body, start, length);
        [self.prefix.as_slice(), &body].concat()
    }

    fn write_end(&self, out: &mut Vec<u8>, start: u64, length: u64) {
        let visible = self.entries.iter().filter(|entry| !entry.hidden).count();
        let count = self.count.unwrap_or(visible as u16);
        if self.zip64_end {
            let record = out.len() as u64;
            out.extend(b"PK\x06\x06");
            put64(out, &[44]);
            put16(out, &[45, 45]);
            put32(out, &[0, 0]);
            put64(out, &[count.into(), count.into(), length, start]);
            out.extend(b"PK\x06\x07");
            put32(out, &[0]);
            put64(out, &[record]);
            put32(out, &[1]);
        }
        out.extend(b"PK\x05\x06");
        if self.zip64_end {
            put16(out, &[0, 0, u16::MAX, u16::MAX]);
            put32(out, &[u32::MAX, u32::MAX]);
        } else {
            put16(out, &[0, 0, count, count]);
            put32(out, &[length as u32, start as u32]);
        }
        put16(out, &[self.comment.len() as u16]);
        out.extend(&self.comment);
    }
}

impl Entry {
    fn packed(&self) -> Vec<u8> {
        match self.method {
            Method::Stored => self.data.clone(),
            Method::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&self.data).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn crc(&self) -> u32 {
        let mut crc = Crc::new();
        crc.update(&self.data);
        self.crc.unwrap_or_else(|| crc.sum())
    }

    fn write_unicode_path(&self, out: &mut Vec<u8>) {
        let Some(path) = &self.unicode_path else {
            return;
        };
        let mut crc = Crc::new();
        crc.update(&self.name);
        put16(out, &[0x7075, path.len() as u16 + 5]);
        out.push(1);
        put32(out, &[crc.sum()]);
        out.extend(path);
    }

    /// Version needed, flags, method, time and date: the same in both headers.
    fn write_common(&self, out: &mut Vec<u8>) {
        let streamed = self.descriptor != Descriptor::None;
        let method = match self.method {
            Method::Stored => 0,
            Method::Deflated => 8,
        };
        let method = self.method_id.unwrap_or(method);
        let version = if self.zip64 { 45 } else { 20 };
        let flags = self.flags | if streamed { 8 } else { 0 };
        put16(out, &[version, flags, method, 0, 0x21]);
    }

    fn write_local(&self, out: &mut Vec<u8>, packed: &[u8]) {
        let streamed = self.descriptor != Descriptor::None;
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        let size = self.local_size.unwrap_or(self.data.len() as u64);
        let packed_size = packed.len() as u64;

        out.extend(b"PK\x03\x04");
        self.write_common(out);
        let mut extra = Vec::new();
        if streamed {
            put32(out, &[0, 0, 0]);
        } else if self.zip64 {
            put32(out, &[self.crc(), u32::MAX, u32::MAX]);
            put16(&mut extra, &[1, 16]);
            put64(&mut extra, &[size, packed_size]);
        } else {
            put32(out, &[self.crc(), packed_size as u32, size as u32]);
        }
        self.write_unicode_path(&mut extra);
        put16(out, &[name.len() as u16, extra.len() as u16]);
        out.extend(name);
        out.extend(extra);
        out.extend(packed);

        if self.descriptor == Descriptor::Signed {
            out.extend(b"PK\x07\x08");
        }
        if streamed {
            put32(out, &[self.crc()]);
            if self.zip64 {
                put64(out, &[packed_size, size]);
            } else {
                put32(out, &[packed_size as u32, size as u32]);
            }
        }
    }

    fn write_central(&self, out: &mut Vec<u8>, packed: &[u8], offset: u64) {
        let size = self.size.unwrap_or(self.data.len() as u64);
        let packed_size = self.packed_size.unwrap_or(packed.len() as u64);

        out.extend(b"PK\x01\x02");
        put16(out, &[self.made_by]);
        self.write_common(out);
        let mut extra = Vec::new();
        if self.zip64 {
            put32(out, &[self.crc(), u32::MAX, u32::MAX]);
            put16(&mut extra, &[1, 24]);
            put64(&mut extra, &[size, packed_size, offset]);
        } else {
            put32(out, &[self.crc(), packed_size as u32, size as u32]);
        }
        self.write_unicode_path(&mut extra);
        let lengths = [self.name.len() as u16, extra.len() as u16];
        put16(out, &lengths);
        put16(out, &[0, 0, 0]);
        let offset = if self.zip64 { u32::MAX } else { offset as u32 };
        put32(out, &[self.attributes, offset]);
        out.extend(&self.name);
        out.extend(extra);
    }
}

/// A plain result: the files that an application left in `/iexec_out`, zipped.
pub fn plain_zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    Zip::of(files.iter().map(|(name, data)| Entry::new(name, data))).bytes()
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put64(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
