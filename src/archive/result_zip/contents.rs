//! The entries of a plaintext zip.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use super::watched::{FileWatcher, Watcher};
use super::{EntryName, ResultSummary, ResultZipError, places};
use crate::archive::body::{Body, BodySource};
use crate::archive::zip::{
    Entry, Index, Method, Unreadable, is_descriptor, is_symlink, read_index,
};
use crate::archive::{CrcAt, Damaged, Limits};
use crate::file::{Part, ReadAt};

/// The entries of a plaintext zip that is one from its first byte to its last.
#[derive(Debug)]
pub struct Contents {
    source: Arc<dyn ReadAt>,
    entries: Vec<Entry>,
    summary: ResultSummary,
    pub(super) watcher: Option<Arc<dyn Watcher>>,
}

impl Contents {
    /// Reads all that a zip says of itself, which has to agree: both headers of each entry, the
    /// descriptors between them, the directory and its end. Nothing is inflated.
    ///
    /// # Errors
    /// [`ResultZipError`]: `Damaged` where it is no such zip, `TooLarge` where it passes `limits`.
    pub fn read(source: Arc<dyn ReadAt>, limits: &Limits) -> Result<Self, ResultZipError> {
        let index = read_index(&*source, limits)?;
        check_seamless(&*source, &index)?;
        Ok(Self {
            summary: summarize(&index, limits)?,
            entries: index.entries,
            source,
            watcher: None,
        })
    }

    /// Returns the number and the size of the entries.
    pub fn summary(&self) -> ResultSummary {
        self.summary
    }

    /// Requires that each file can be unpacked here.
    ///
    /// # Errors
    /// [`ResultZipError::Unreadable`] for the first that cannot.
    pub fn check_readable(&self) -> Result<(), ResultZipError> {
        self.entries()
            .try_for_each(|member| member.check_readable())
    }

    /// Returns the entries, in the order of the directory.
    pub fn entries(&self) -> impl Iterator<Item = Member<'_>> {
        self.entries.iter().map(|entry| Member {
            source: &self.source,
            entry,
            watcher: self.watcher.as_ref(),
            once: false,
        })
    }
}

/// One entry: a file, a folder or a link.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    source: &'a Arc<dyn ReadAt>,
    entry: &'a Entry,
    watcher: Option<&'a Arc<dyn Watcher>>,
    /// Whether its data is read this one time.
    once: bool,
}

impl<'a> Member<'a> {
    /// The name.
    pub fn name(&self) -> EntryName<'a> {
        EntryName(&self.entry.name)
    }

    /// All that the zip says of it.
    pub(super) fn entry(&self) -> &'a Entry {
        self.entry
    }

    /// The size in bytes, as the zip says it; [`MemberData`] holds it to that.
    pub fn size(&self) -> u64 {
        self.entry.content.size
    }

    /// Whether it says that it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        is_symlink(self.entry.attributes)
    }

    /// Requires that it can be unpacked here.
    ///
    /// # Errors
    /// [`ResultZipError::Unreadable`].
    pub fn check_readable(&self) -> Result<(), ResultZipError> {
        self.method().map(drop)
    }

    fn method(&self) -> Result<Method, ResultZipError> {
        self.entry.method.map_err(|how| ResultZipError::Unreadable {
            name: self.name().shown(),
            how,
        })
    }

    /// The same entry, whose data is read for the last time: it gives its room back.
    pub(crate) fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// Whether somebody sees its data while it is read.
    pub fn is_watched(&self) -> bool {
        let name = self.name();
        !name.is_folder() && self.watcher.is_some_and(|watcher| watcher.wants(name))
    }

    /// The data at any place; `None` where it has to be inflated, or read from its beginning to its end.
    pub fn stored(&self) -> Option<StoredData> {
        if self.entry.method != Ok(Method::Stored) || self.is_watched() {
            return None;
        }
        let content = self.entry.content;
        let part = Part {
            whole: Arc::clone(self.source),
            start: self.entry.data_start,
            len: content.size,
        };
        Some(StoredData {
            name: self.entry.name.clone(),
            data: CrcAt::new(part, Some(content.crc)),
        })
    }

    /// The data. Read it to its end: only there is it known to be right.
    ///
    /// # Errors
    /// [`ResultZipError::Unreadable`] when it is packed in another way than with deflate.
    pub fn open(&self) -> Result<MemberData, ResultZipError> {
        let source = BodySource {
            file: Arc::clone(self.source),
            start: self.entry.data_start,
            method: self.method()?,
            content: self.entry.content,
            has_crc: true,
        };
        let watcher = self.watcher.filter(|_| self.is_watched());
        Ok(MemberData {
            name: self.entry.name.clone(),
            data: match self.once {
                true => source.open_once(),
                false => source.open(),
            },
            watcher: watcher.map(|watcher| watcher.file(self.name())),
        })
    }
}

/// The data of an entry, inflated, and checked against its size and CRC at its end. What is wrong
/// with it is an [`ResultZipError`] inside of the [`io::Error`].
#[derive(Debug)]
pub struct MemberData {
    name: Box<[u8]>,
    data: Body,
    watcher: Option<Box<dyn FileWatcher>>,
}

impl MemberData {
    /// Who sees the data, if anybody does, to be shown it by another one from now on.
    pub(crate) fn take_watcher(&mut self) -> Option<Box<dyn FileWatcher>> {
        self.watcher.take()
    }
}

impl Read for MemberData {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.data.read(out);
        let count = read.map_err(|error| naming(&self.name, error))?;
        if count > 0 {
            if let Some(watcher) = &mut self.watcher {
                watcher.see(&out[..count]);
            }
        } else if let Some(watcher) = self.watcher.take_if(|_| !out.is_empty()) {
            watcher.end();
        }
        Ok(count)
    }
}

/// The data of an entry that is stored, to be read by several threads. What is wrong with it is an
/// [`ResultZipError`] inside of the [`io::Error`].
#[derive(Debug)]
pub struct StoredData {
    name: Box<[u8]>,
    data: CrcAt<Part>,
}

impl StoredData {
    /// Reads the bytes of `range` by way of `buffer`, and tells `told` of them.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn read(&self, range: Range<u64>, buffer: &mut [u8], told: &dyn Fn(u64)) -> io::Result<()> {
        let mut at = range.start;
        while at < range.end {
            let count = (range.end - at).min(buffer.len() as u64);
            self.data.read_exact_at(&mut buffer[..count as usize], at)?;
            at += count;
            told(count);
        }
        Ok(())
    }

    /// Checks the CRC of all of it, and so reads what was not read before.
    ///
    /// # Errors
    /// When it is another one; what reading met.
    pub fn finish(&self) -> io::Result<()> {
        self.data
            .finish()
            .map_err(|error| naming(&self.name, error))
    }
}

/// The failure to read an entry, with its name where it is damaged.
fn naming(name: &[u8], error: io::Error) -> io::Error {
    match error.downcast::<Damaged>() {
        Ok(Damaged { reason }) => EntryName(name).damaged(reason).into_io(),
        Err(error) => error,
    }
}

fn summarize(index: &Index, limits: &Limits) -> Result<ResultSummary, ResultZipError> {
    let mut summary = ResultSummary::default();
    for entry in &index.entries {
        let name = EntryName(&entry.name);
        match entry.method {
            Ok(Method::Stored) if entry.content.size != entry.content.compressed => {
                return Err(name.damaged("it is stored, but has two sizes"));
            }
            Err(Unreadable::UnknownFlags) => {
                return Err(name.damaged("it has flags that are not known"));
            }
            _ => {}
        }
        summary.entries += 1;
        summary.size = summary.size.saturating_add(entry.content.size);
        summary.symlinks += u64::from(is_symlink(entry.attributes));
    }
    // A folder costs as much as a file, whether it has an entry or is only in the name of one.
    let names = index.entries.iter().map(|entry| EntryName(&entry.name));
    if places::count(names.collect()) > limits.max_entries {
        return Err(ResultZipError::TooLarge {
            what: "number of files and folders",
            limit: limits.max_entries,
        });
    }
    if summary.size > limits.max_size {
        return Err(ResultZipError::TooLarge {
            what: "size of the result in bytes",
            limit: limits.max_size,
        });
    }
    Ok(summary)
}

/// Requires that entries begin at the first byte and follow each other, with nothing but data
/// descriptors between them.
fn check_seamless(source: &dyn ReadAt, index: &Index) -> Result<(), ResultZipError> {
    let mut entries: Vec<&Entry> = index.entries.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.header_start);
    let starts = entries.iter().map(|entry| entry.header_start);
    let nexts: Vec<u64> = starts.chain([index.directory_start]).collect();
    if nexts.first() != Some(&0) {
        return Err(ResultZipError::damaged(
            "it does not begin with its first entry",
        ));
    }
    for (entry, next) in entries.into_iter().zip(&nexts[1..]) {
        let end = entry.data_start.saturating_add(entry.content.compressed);
        let gap = next.saturating_sub(end);
        let fits = match entry.has_descriptor {
            true => is_descriptor_at(source, end, gap, entry)?,
            false => gap == 0,
        };
        if !fits {
            return Err(EntryName(&entry.name).damaged("its data does not match its descriptor"));
        }
    }
    Ok(())
}

fn is_descriptor_at(
    source: &dyn ReadAt,
    at: u64,
    len: u64,
    entry: &Entry,
) -> Result<bool, ResultZipError> {
    let mut bytes = [0; 24];
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let Some(bytes) = bytes.get_mut(..len) else {
        return Ok(false);
    };
    source
        .read_exact_at(bytes, at)
        .map_err(ResultZipError::Io)?;
    Ok(is_descriptor(bytes, &entry.content))
}
