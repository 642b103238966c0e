//! Bytes that can be read at any place.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};

/// Bytes that Linux is told of in one go: it takes no more of them than it reads ahead by itself, which is this much
/// where nobody changed it, and forgets the rest.
const AT_ONCE: u64 = 128 * 1024;

/// Bytes that several readers can read, each at its own place and on its own thread.
pub trait ReadAt: Debug + Send + Sync {
    /// Reads some of the bytes from `at` on; none only at the end, or where there is no room.
    ///
    /// # Errors
    /// The error of reading.
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize>;

    /// The number of bytes.
    ///
    /// # Errors
    /// When nobody can tell.
    fn len(&self) -> io::Result<u64>;

    /// Takes note that the bytes of `range` are read next, so that a disk can begin with them. It is only advice.
    fn read_soon(&self, _range: Range<u64>) {}

    /// Takes note that the bytes of `range` were read for the last time. Returns whether their room was given back, so
    /// that they are gone.
    fn give_back(&self, _range: Range<u64>) -> bool {
        false
    }

    /// Fills `out` with the bytes from `at` on.
    ///
    /// # Errors
    /// The error of reading; [`io::ErrorKind::UnexpectedEof`] where there are not as many.
    fn read_exact_at(&self, mut out: &mut [u8], mut at: u64) -> io::Result<()> {
        while !out.is_empty() {
            match self.read_at(out, at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    out = &mut out[count..];
                    at += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl ReadAt for File {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        FileExt::read_at(self, out, at)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_soon(&self, range: Range<u64>) {
        if range.is_empty() || is_in_memory(self, range.end - 1) {
            return;
        }
        for at in range.clone().step_by(AT_ONCE as usize) {
            let len = NonZeroU64::new(AT_ONCE.min(range.end - at));
            let _ = fadvise(self, at, len, Advice::WillNeed);
        }
    }
}

/// Whether the byte `at` can be read without a wait for the disk.
fn is_in_memory(file: &File, at: u64) -> bool {
    let mut byte = [0];
    let read = preadv2(
        file,
        &mut [IoSliceMut::new(&mut byte)],
        at,
        ReadWriteFlags::NOWAIT,
    );
    read.is_ok_and(|count| count == 1)
}

/// A part of another source.
#[derive(Debug)]
pub(crate) struct Part {
    pub whole: Arc<dyn ReadAt>,
    pub start: u64,
    pub len: u64,
}

impl ReadAt for Part {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let room = self.len.saturating_sub(at).min(out.len() as u64) as usize;
        match room {
            0 => Ok(0),
            _ => self.whole.read_at(&mut out[..room], self.start + at),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Broken, Interrupted, file_of};
    use super::*;

    /// Bytes that come one at a time.
    #[derive(Debug)]
    struct Slow(File);

    impl ReadAt for Slow {
        fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
            let room = out.len().min(1);
            ReadAt::read_at(&self.0, &mut out[..room], at)
        }

        fn len(&self) -> io::Result<u64> {
            ReadAt::len(&self.0)
        }
    }

    #[test]
    fn all_is_read_though_it_comes_in_pieces_and_signals_interrupt() {
        let source = Interrupted::new(Slow(file_of(b"before, data")));
        let mut out = [0; 4];
        source.read_exact_at(&mut out, 8).unwrap();
        assert_eq!(&out, b"data");
        let error = source.read_exact_at(&mut out, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_part_has_its_own_beginning_and_end() {
        let part = Part {
            whole: Arc::new(file_of(b"before, data, after")),
            start: 8,
            len: 4,
        };
        let mut out = [0; 9];
        for (at, expected) in [(0, &b"data"[..]), (3, b"a"), (4, b""), (u64::MAX, b"")] {
            let count = part.read_at(&mut out, at).unwrap();
            assert_eq!(&out[..count], expected, "{at}");
        }
        assert_eq!(part.len().unwrap(), 4);
    }

    #[test]
    fn a_failing_disk_is_reported() {
        let error = Broken.read_exact_at(&mut [0; 4], 0).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
    }
}
