use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};

/// Bytes after which the system is told to begin writing.
const STRIDE: u64 = 8 * 1024 * 1024;

/// A new file that goes to the disk while more of it is written, so that the sync at its end is
/// short.
pub(crate) struct WriteBehind<'f> {
    file: &'f mut File,
    early: bool,
    written: u64,
    begun: u64,
}

impl<'f> WriteBehind<'f> {
    /// Writes an empty file from its beginning; with `early`, to the disk at once.
    pub(crate) fn new(file: &'f mut File, early: bool) -> Self {
        Self {
            file,
            early,
            written: 0,
            begun: 0,
        }
    }

    /// Makes the system begin with what it has not begun with. Told that pages are not needed, it
    /// starts to write those that are dirty, and keeps them until that is done. It is only advice:
    /// where it is not taken, the sync at the end takes longer.
    fn begin(&mut self) {
        let len = NonZeroU64::new(self.written - self.begun);
        let _ = fadvise(&*self.file, self.begun, len, Advice::DontNeed);
        self.begun = self.written;
    }
}

impl Write for WriteBehind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        if self.early && self.written - self.begun >= STRIDE {
            self.begin();
        }
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
