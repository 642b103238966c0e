//! A cursor over a file that leaves the file's own cursor alone.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::file::ReadAt;

/// Reads and seeks in a file of a length that was taken once.
#[derive(Debug)]
pub struct Positioned<'a> {
    file: &'a dyn ReadAt,
    at: u64,
    len: u64,
    /// The first error of reading, for a caller whose reader may hide it.
    failure: &'a RefCell<Option<io::Error>>,
}

impl<'a> Positioned<'a> {
    pub fn new(file: &'a dyn ReadAt, len: u64, failure: &'a RefCell<Option<io::Error>>) -> Self {
        Self {
            file,
            at: 0,
            len,
            failure,
        }
    }
}

impl Read for Positioned<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = self.len.saturating_sub(self.at).min(out.len() as u64) as usize;
        match self.file.read_at(&mut out[..room], self.at) {
            Ok(n) => {
                self.at += n as u64;
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failure.replace(Some(error));
                Err(kind.into())
            }
        }
    }
}

impl Seek for Positioned<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
