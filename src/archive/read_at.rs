//! Bytes that can be read at any place.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that several readers can read, each at its own place and on its own thread.
pub trait ReadAt: Debug + Send + Sync {
    /// Reads some of the bytes from `at` on; none only at the end, or where there is no room.
    ///
    /// # Errors
    /// What reading met.
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// When nobody can tell.
    fn len(&self) -> io::Result<u64>;

    /// Fills `out` with the bytes from `at` on.
    ///
    /// # Errors
    /// What reading met; [`io::ErrorKind::UnexpectedEof`] where there are not as many.
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
}
