use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Advice, fadvise};

/// Bytes after which the system is told to begin writing.
const STRIDE: u64 = 8 * 1024 * 1024;

/// A new file that goes to the disk while more of it is written, so that the sync at its end is
/// short.
pub(crate) struct WriteBehind<'f> {
    file: &'f File,
    early: bool,
    written: AtomicU64,
}

impl<'f> WriteBehind<'f> {
    /// Writes an empty file from its beginning; with `early`, to the disk at once.
    pub(crate) fn new(file: &'f File, early: bool) -> Self {
        Self {
            file,
            early,
            written: AtomicU64::new(0),
        }
    }

    /// Writes `bytes` at their place, as several threads may do at once, each not far from the
    /// others.
    pub(crate) fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at)?;
        self.wrote(bytes.len());
        Ok(())
    }

    /// Makes the system begin with the strides that are full now. Told that pages are not needed,
    /// it starts to write those that are dirty, and keeps them until that is done. It is only
    /// advice: where it is not taken, the sync at the end takes longer.
    fn wrote(&self, count: usize) {
        let before = self.written.fetch_add(count as u64, Ordering::Relaxed);
        let full = (before + count as u64) / STRIDE * STRIDE;
        let begun = before / STRIDE * STRIDE;
        if let Some(len) = NonZeroU64::new(full - begun)
            && self.early
        {
            let _ = fadvise(self.file, begun, Some(len), Advice::DontNeed);
        }
    }
}

impl Write for WriteBehind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.wrote(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// For a writer that goes back to fill in a header, and on at the end.
impl Seek for WriteBehind<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
