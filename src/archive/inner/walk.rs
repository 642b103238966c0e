//! Reading a plaintext zip in order, as it comes.
//!
//! The `zip` crate cannot do this where sizes follow the data, which is how enclaves write.

use std::io::{BufRead, Read};

use super::counted::Counted;
use super::data::{Decoder, EntryData};
use super::directory::{Seen, read_directory};
use super::{EntryName, InnerError, InnerSummary};
use crate::archive::Limits;
use crate::archive::format::{
    Content, LOCAL, Local, Method, flags, is_descriptor, readable, widen, zip64_field,
};

/// Receives the entries of a plaintext zip, in the order of the stream.
pub trait Visitor {
    /// Takes one entry. What is left of `data` is read and checked after this returns.
    ///
    /// Nothing is known to be whole, and no entry to be more than it seems, before [`walk`] returns:
    /// only the zip's end says so.
    fn entry(&mut self, name: EntryName<'_>, data: &mut dyn Read) -> Result<(), InnerError>;

    /// Learns, after all entries, that one of them is a symbolic link; refused unless overridden.
    fn symlink(&mut self, name: EntryName<'_>) -> Result<(), InnerError> {
        Err(name.refused("is a symbolic link"))
    }
}

impl<F> Visitor for F
where
    F: FnMut(EntryName<'_>, &mut dyn Read) -> Result<(), InnerError>,
{
    fn entry(&mut self, name: EntryName<'_>, data: &mut dyn Read) -> Result<(), InnerError> {
        self(name, data)
    }
}

/// Reads a plaintext zip to its end, handing each entry to the visitor as it comes.
///
/// Every byte of it has to fit: CRC and sizes after each entry, then the central directory against
/// all that was seen. Memory is bounded by the number and the names of the entries.
pub fn walk(
    reader: &mut (impl BufRead + ?Sized),
    limits: &Limits,
    visitor: &mut (impl Visitor + ?Sized),
) -> Result<InnerSummary, InnerError> {
    let mut input = Counted::new(reader);
    let mut decoder = Decoder::new(limits.max_size);
    let mut seen = Seen::new(limits.max_entries);
    let signature = loop {
        let offset = input.position();
        match input.signature()? {
            LOCAL => walk_entry(&mut input, offset, &mut seen, &mut decoder, visitor)?,
            other => break other,
        }
    };
    let entries = seen.len();
    let symlinks = read_directory(&mut input, signature, seen, visitor)?;
    Ok(InnerSummary {
        entries,
        size: decoder.total(),
        symlinks,
    })
}

fn walk_entry<R: BufRead + ?Sized>(
    input: &mut Counted<'_, R>,
    offset: u64,
    seen: &mut Seen,
    decoder: &mut Decoder,
    visitor: &mut (impl Visitor + ?Sized),
) -> Result<(), InnerError> {
    let header = Header::read(input)?;
    let name = EntryName(&header.name);
    seen.announce(&header.name)?;
    let stored_len = header.declared.compressed;
    let mut data = EntryData::new(name, header.method, stored_len, input, decoder);
    visitor.entry(name, &mut data)?;
    let content = data.finish()?;
    header.check(&content)?;
    if header.flags & flags::DESCRIPTOR != 0 {
        header.check_descriptor(&content, input)?;
    }
    seen.add(header.name, offset, header.flags, header.method, content)
}

/// What comes before an entry's data.
struct Header {
    name: Vec<u8>,
    flags: u16,
    method: Method,
    declared: Content,
    has_zip64: bool,
}

impl Header {
    fn read<R: BufRead + ?Sized>(input: &mut Counted<'_, R>) -> Result<Self, InnerError> {
        let local = Local::parse(&input.array()?);
        let name = input.bytes(local.name_len)?;
        let extra = input.bytes(local.extra_len)?;
        let damaged = |reason| EntryName(&name).damaged(reason);
        let mut zip64 = zip64_field(&extra).map_err(damaged)?;
        let has_zip64 = zip64.is_some();
        let size = widen(local.size, &mut zip64).map_err(damaged)?;
        let compressed = widen(local.compressed, &mut zip64).map_err(damaged)?;
        let method = readable(local.flags, local.method).map_err(damaged)?;
        Ok(Self {
            flags: local.flags,
            method,
            declared: Content {
                crc: local.crc,
                compressed,
                size,
            },
            has_zip64,
            name,
        })
    }

    /// Compares the data with what the header said. Where a descriptor follows, zeros say nothing.
    fn check(&self, content: &Content) -> Result<(), InnerError> {
        let open = self.flags & flags::DESCRIPTOR != 0;
        let differs = |declared: u64, actual: u64| declared != actual && !(open && declared == 0);
        let name = EntryName(&self.name);
        if differs(self.declared.crc.into(), content.crc.into()) {
            return Err(name.damaged("its CRC does not match"));
        }
        if differs(self.declared.compressed, content.compressed)
            || differs(self.declared.size, content.size)
        {
            return Err(name.damaged("its size is not the declared one"));
        }
        Ok(())
    }

    /// Reads the descriptor, which has a signature or not, and says nothing that is not known.
    fn check_descriptor<R: BufRead + ?Sized>(
        &self,
        content: &Content,
        input: &mut Counted<'_, R>,
    ) -> Result<(), InnerError> {
        let limit = u64::from(u32::MAX);
        let wide = self.has_zip64 || content.compressed >= limit || content.size >= limit;
        let mut bytes = input.bytes(if wide { 20 } else { 12 })?;
        if !is_descriptor(&bytes, content) {
            bytes.extend_from_slice(&input.array::<4>()?);
        }
        if is_descriptor(&bytes, content) {
            Ok(())
        } else {
            Err(EntryName(&self.name).damaged("its data is not what is said after it"))
        }
    }
}
