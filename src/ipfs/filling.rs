use std::fs::File;
use std::io;

use super::types::Progress;
use crate::file::WriteBehind;

/// A file that is filled from its beginning.
pub(super) struct Filling<'a> {
    file: &'a File,
    to: WriteBehind<'a>,
    durable: bool,
    at: u64,
    /// Bytes of the whole file, once they are known.
    total: Option<u64>,
    progress: &'a dyn Fn(Progress),
}

impl<'a> Filling<'a> {
    pub(super) fn new(file: &'a File, durable: bool, progress: &'a dyn Fn(Progress)) -> Self {
        Self {
            file,
            to: WriteBehind::new(file, durable),
            durable,
            at: 0,
            total: None,
            progress,
        }
    }

    /// Bytes that are there.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn announce(&mut self, total: Option<u64>) {
        self.total = total;
        self.tell();
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        self.tell();
        Ok(())
    }

    /// Makes it empty again.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        if self.at > 0 {
            self.file.set_len(0)?;
            self.to = WriteBehind::new(self.file, self.durable);
            self.at = 0;
        }
        Ok(())
    }

    fn tell(&self) {
        (self.progress)(Progress {
            bytes: self.at,
            total: self.total,
        });
    }
}
