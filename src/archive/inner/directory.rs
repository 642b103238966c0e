//! The end of a plaintext zip, compared with what came before it.

use std::collections::HashSet;
use std::io::BufRead;
use std::rc::Rc;

use super::counted::Counted;
use super::walk::Visitor;
use super::{EntryName, InnerError};
use crate::archive::format::{
    CENTRAL, Central, Content, Directory, END, END64, End, End64, LOCATOR, Locator, Method,
    is_symlink, readable, widen, zip64_field,
};
use crate::archive::limits::MAX_DIRECTORY;

/// What was seen of the entries, in the order of their offsets.
pub(super) struct Seen {
    entries: Vec<SeenEntry>,
    names: HashSet<Rc<[u8]>>,
    name_bytes: u64,
    max_entries: u64,
}

struct SeenEntry {
    name: Rc<[u8]>,
    offset: u64,
    flags: u16,
    method: Method,
    content: Content,
    listed: bool,
}

impl Seen {
    pub fn new(max_entries: u64) -> Self {
        Self {
            entries: Vec::new(),
            names: HashSet::new(),
            name_bytes: 0,
            max_entries,
        }
    }

    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Refuses an entry before anybody sees it: one too many, or too much of names.
    pub fn announce(&mut self, name: &[u8]) -> Result<(), InnerError> {
        if self.len() >= self.max_entries {
            return Err(InnerError::TooLarge {
                what: "number of entries",
                limit: self.max_entries,
            });
        }
        self.name_bytes += name.len() as u64;
        if self.name_bytes > MAX_DIRECTORY {
            return Err(InnerError::TooLarge {
                what: "size of all names in bytes",
                limit: MAX_DIRECTORY,
            });
        }
        Ok(())
    }

    /// Keeps what an entry was; a name for the second time is refused, unless the visitor was
    /// there first.
    pub fn add(
        &mut self,
        name: Vec<u8>,
        offset: u64,
        flags: u16,
        method: Method,
        content: Content,
    ) -> Result<(), InnerError> {
        let name: Rc<[u8]> = name.into();
        if !self.names.insert(Rc::clone(&name)) {
            return Err(EntryName(&name).damaged("two entries have this name"));
        }
        self.entries.push(SeenEntry {
            name,
            offset,
            flags,
            method,
            content,
            listed: false,
        });
        Ok(())
    }

    /// Compares one record of the directory with the entry that it points at.
    fn compare(&mut self, record: &Record) -> Result<(), InnerError> {
        let name = EntryName(&record.name);
        let found = self
            .entries
            .binary_search_by_key(&record.offset, |entry| entry.offset);
        let entry = found
            .ok()
            .and_then(|at| self.entries.get_mut(at))
            .ok_or_else(|| name.damaged("the directory lists it where nothing is"))?;
        if entry.listed {
            return Err(name.damaged("the directory lists it twice"));
        }
        entry.listed = true;
        let same = *entry.name == *record.name
            && entry.flags == record.flags
            && entry.method == record.method
            && entry.content == record.content;
        if !same {
            return Err(name.damaged("the directory and its own header disagree"));
        }
        Ok(())
    }
}

/// Reads from the signature after the last entry to the end of the stream, and returns how many
/// entries are symbolic links, which only the directory tells.
pub(super) fn read_directory<R: BufRead + ?Sized>(
    input: &mut Counted<'_, R>,
    mut signature: u32,
    mut seen: Seen,
    visitor: &mut (impl Visitor + ?Sized),
) -> Result<u64, InnerError> {
    let start = input.position() - 4;
    let (mut entries, mut symlinks) = (0, 0);
    while signature == CENTRAL {
        let record = Record::read(input)?;
        seen.compare(&record)?;
        entries += 1;
        if is_symlink(record.attributes) {
            symlinks += 1;
            visitor.symlink(EntryName(&record.name))?;
        }
        if input.position() - start > MAX_DIRECTORY {
            return Err(InnerError::TooLarge {
                what: "size of the zip's directory in bytes",
                limit: MAX_DIRECTORY,
            });
        }
        signature = input.signature()?;
    }
    if entries != seen.len() {
        return Err(InnerError::damaged(
            "the directory does not list all entries",
        ));
    }
    let directory = Directory {
        entries,
        size: input.position() - 4 - start,
        start,
    };
    read_end(input, signature, directory)?;
    Ok(symlinks)
}

/// A record of the directory.
struct Record {
    name: Vec<u8>,
    flags: u16,
    method: Method,
    content: Content,
    offset: u64,
    attributes: u32,
}

impl Record {
    fn read<R: BufRead + ?Sized>(input: &mut Counted<'_, R>) -> Result<Self, InnerError> {
        let central = Central::parse(&input.array()?);
        let name = input.bytes(central.name_len)?;
        let extra = input.bytes(central.extra_len)?;
        input.bytes(central.comment_len)?;
        let damaged = |reason| EntryName(&name).damaged(reason);
        let mut zip64 = zip64_field(&extra).map_err(damaged)?;
        let size = widen(central.size, &mut zip64).map_err(damaged)?;
        let compressed = widen(central.compressed, &mut zip64).map_err(damaged)?;
        let offset = widen(central.offset, &mut zip64).map_err(damaged)?;
        let method = readable(central.flags, central.method).map_err(damaged)?;
        Ok(Self {
            flags: central.flags,
            method,
            content: Content {
                crc: central.crc,
                compressed,
                size,
            },
            offset,
            attributes: central.attributes,
            name,
        })
    }
}

fn read_end<R: BufRead + ?Sized>(
    input: &mut Counted<'_, R>,
    mut signature: u32,
    expected: Directory,
) -> Result<(), InnerError> {
    let mut wide = None;
    if signature == END64 {
        wide = Some(read_wide_end(input)?);
        signature = input.signature()?;
    }
    if signature != END {
        return Err(InnerError::damaged("there is something that no zip holds"));
    }
    let end = End::parse(&input.array()?);
    let directory = end.directory(wide.as_ref()).map_err(InnerError::damaged)?;
    if directory != expected {
        return Err(InnerError::damaged("its end does not fit its directory"));
    }
    let comment = input.bytes(end.comment_len)?;
    // A reader from the other end would take this for the end of the zip.
    if comment.windows(4).any(|bytes| bytes == END.to_le_bytes()) {
        return Err(InnerError::damaged("its end can be read in two ways"));
    }
    if !input.is_at_end()? {
        return Err(InnerError::damaged("there is more after its end"));
    }
    Ok(())
}

fn read_wide_end<R: BufRead + ?Sized>(input: &mut Counted<'_, R>) -> Result<End64, InnerError> {
    let start = input.position() - 4;
    let wide = End64::parse(&input.array()?).map_err(InnerError::damaged)?;
    if input.signature()? != LOCATOR {
        return Err(InnerError::damaged("its zip64 end has no locator"));
    }
    let locator = Locator::parse(&input.array()?).map_err(InnerError::damaged)?;
    if locator.end64_start != start {
        return Err(InnerError::damaged("its zip64 end is not where it says"));
    }
    Ok(wide)
}
