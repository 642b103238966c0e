//! A stream that knows how far it was read.

use std::io::{self, BufRead, Read};

use super::InnerError;

/// Counts what is consumed.
pub(super) struct Counted<'a, R: ?Sized> {
    inner: &'a mut R,
    at: u64,
}

impl<'a, R: BufRead + ?Sized> Counted<'a, R> {
    pub fn new(inner: &'a mut R) -> Self {
        Self { inner, at: 0 }
    }

    pub fn position(&self) -> u64 {
        self.at
    }

    /// Reads exactly `N` bytes of the zip's own records.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], InnerError> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads as many bytes as a 16-bit length field says.
    pub fn bytes(&mut self, len: u16) -> Result<Vec<u8>, InnerError> {
        let mut bytes = vec![0; len.into()];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    pub fn signature(&mut self) -> Result<u32, InnerError> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn is_at_end(&mut self) -> Result<bool, InnerError> {
        loop {
            match self.inner.fill_buf() {
                Ok(bytes) => return Ok(bytes.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InnerError::Io(error)),
            }
        }
    }

    /// An end within a record is damage; `read_exact` would make it look like a failing reader.
    fn exact(&mut self, mut out: &mut [u8]) -> Result<(), InnerError> {
        while !out.is_empty() {
            match self.read(out) {
                Ok(0) => return Err(InnerError::damaged("it ends early")),
                Ok(n) => out = &mut out[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InnerError::Io(error)),
            }
        }
        Ok(())
    }
}

impl<R: BufRead + ?Sized> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: BufRead + ?Sized> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.at += n as u64;
        self.inner.consume(n);
    }
}
