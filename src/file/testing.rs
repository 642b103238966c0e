//! Files and disks for tests.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ReadAt;

/// A file without a name that holds these bytes.
pub fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A reader that a signal interrupts at every second try, the first one included.
#[derive(Debug)]
pub struct Interrupted<T> {
    inner: T,
    tries: AtomicUsize,
}

impl<T> Interrupted<T> {
    pub fn new(inner: T) -> Self {
        let tries = AtomicUsize::new(0);
        Self { inner, tries }
    }

    fn attempt(&self) -> io::Result<()> {
        match self.tries.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Err(io::ErrorKind::Interrupted.into()),
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Interrupted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.attempt()?;
        self.inner.read(out)
    }
}

impl<R: ReadAt> ReadAt for Interrupted<R> {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        self.attempt()?;
        self.inner.read_at(out, at)
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}

/// A disk that can be read no more (EIO).
#[derive(Debug)]
pub struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(5))
    }
}

impl ReadAt for Broken {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(5))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(1000)
    }
}
