//! The files of a result that passes by once, from its first byte to its last.
//!
//! What stands before the data of a file is not to be believed yet: the directory, which comes last, has to say the same of the
//! same bytes. So a file counts only where that has agreed ([`Contents::note_passed`]). Whatever is not understood on the way,
//! as a stored file whose length comes after it, is read from where the result was written.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use crc32fast::Hasher as Crc;

use super::watched::{FileWatcher, Watcher};
use super::{Contents, EntryName};
use crate::archive::Limits;
use crate::archive::inflate::Inflater;
use crate::archive::stored_blocks::InflateError;
use crate::archive::zip::{Content, Entry, LocalHeader, Method};

/// Bytes that are inflated at once.
const BUFFER: usize = 64 * 1024;

/// Files, and bytes of their names, that are kept at most: of more than that the rest is read anew.
const MOST_FILES: usize = 16 * 1024;
const MOST_NAMES: usize = 1 << 20;

/// The files that have passed, by the places of their data.
#[derive(Debug, Default)]
pub struct Passed(BTreeMap<u64, PassedFile>);

/// A file that somebody has seen all of, if it is one.
#[derive(Debug)]
struct PassedFile {
    name: Vec<u8>,
    method: Method,
    content: Content,
    watcher: Box<dyn FileWatcher>,
}

impl PassedFile {
    /// Whether it is the file that the directory says is there.
    fn is(&self, entry: &Entry) -> bool {
        *self.name == *entry.name
            && entry.method == Ok(self.method)
            && self.content == entry.content
    }
}

impl Passed {
    /// Lets `watcher` see each file of the zip that passes by, as far as it can be read in order and keeps to `limits`. What
    /// follows is left unread.
    pub fn watch(zip: impl BufRead, watcher: &dyn Watcher, limits: &Limits) -> Self {
        let mut passing = Passing {
            zip: Counted { from: zip, at: 0 },
            room: limits.max_size,
        };
        let (mut files, mut names) = (BTreeMap::new(), 0);
        // That it cannot be read any further is no failure here: who reads the directory finds out.
        while let Ok(Some((start, file))) = passing.file(watcher) {
            names += file.name.len();
            if files.len() == MOST_FILES || names > MOST_NAMES {
                break;
            }
            files.insert(start, file);
        }
        Self(files)
    }
}

impl Contents {
    /// Takes files for read that have passed by as the directory says. The others, if they are wanted, are still to be read.
    pub fn note_passed(&self, mut passed: Passed) {
        for member in self.entries().filter(|it| it.is_watched()) {
            let found = passed.0.remove(&member.entry().data_start);
            if let Some(file) = found.filter(|file| file.is(member.entry())) {
                file.watcher.end();
            }
        }
    }
}

/// A zip that passes by.
struct Passing<R> {
    zip: Counted<R>,
    /// Bytes that its files may still have.
    room: u64,
}

impl<R: BufRead> Passing<R> {
    /// The next file, and where its data begins; none where there is no other one that can be read in order.
    fn file(&mut self, watcher: &dyn Watcher) -> io::Result<Option<(u64, PassedFile)>> {
        let Some(header) = LocalHeader::read(&mut self.zip)? else {
            return Ok(None);
        };
        let start = self.zip.at;
        let mut seen = Seen {
            watcher: watcher.file(EntryName(&header.name)),
            crc: Crc::new(),
            size: 0,
        };
        match (header.method, header.stored_len()) {
            (Method::Deflate, _) => self.inflate(&mut seen)?,
            (Method::Stored, Some(len)) => self.copy(len, &mut seen)?,
            (Method::Stored, None) => return Ok(None),
        }
        let content = Content {
            crc: seen.crc.finalize(),
            compressed: self.zip.at - start,
            size: seen.size,
        };
        if !header.descriptor_passes(&mut self.zip, &content)? {
            return Ok(None);
        }
        let file = PassedFile {
            name: header.name,
            method: header.method,
            content,
            watcher: seen.watcher,
        };
        Ok(Some((start, file)))
    }

    fn copy(&mut self, len: u64, seen: &mut Seen) -> io::Result<()> {
        let mut left = len;
        while left > 0 {
            let bytes = self.zip.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = left.min(bytes.len() as u64) as usize;
            seen.see(&bytes[..count], &mut self.room)?;
            self.zip.consume(count);
            left -= count as u64;
        }
        Ok(())
    }

    fn inflate(&mut self, seen: &mut Seen) -> io::Result<()> {
        let mut inflater = Inflater::new();
        let mut out = vec![0; BUFFER];
        loop {
            let step = inflater.step(&mut self.zip, &mut out);
            let step = step.map_err(|error| match error {
                InflateError::Io(error) => error,
                InflateError::Corrupt(reason) => io::Error::other(reason),
            })?;
            seen.see(&out[..step.produced], &mut self.room)?;
            if step.ended {
                return Ok(());
            }
        }
    }
}

/// The data of a file so far.
struct Seen {
    watcher: Box<dyn FileWatcher>,
    crc: Crc,
    size: u64,
}

impl Seen {
    /// Fails where that is more than there is `room` for.
    fn see(&mut self, bytes: &[u8], room: &mut u64) -> io::Result<()> {
        let count = bytes.len() as u64;
        let left = room.checked_sub(count);
        *room = left.ok_or(io::ErrorKind::FileTooLarge)?;
        self.size += count;
        self.crc.update(bytes);
        self.watcher.see(bytes);
        Ok(())
    }
}

/// Counts the bytes that are read.
struct Counted<R> {
    from: R,
    at: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.at += count as u64;
        self.from.consume(count);
    }
}

#[cfg(test)]
mod tests;
