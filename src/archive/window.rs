//! A part of a file, read by position.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use crate::file::ReadAt;

const BUFFER: u64 = 256 * 1024;

/// The same for who wants a few bytes.
const SMALL_BUFFER: u64 = 4 * 1024;

/// Reads the bytes `start..end` of a file without touching the file's own cursor, so that several
/// readers of one file do not disturb each other.
#[derive(Debug)]
pub(super) struct Window {
    file: Arc<dyn ReadAt>,
    at: u64,
    end: u64,
    buffer: Box<[u8]>,
    buffer_size: u64,
    unread: std::ops::Range<usize>,
    /// The place up to which bytes were given back, where they are.
    given_back: Option<u64>,
}

impl Window {
    pub fn new(file: Arc<dyn ReadAt>, start: u64, len: u64) -> Self {
        Self {
            file,
            at: start,
            end: start.saturating_add(len),
            buffer: Box::default(),
            buffer_size: BUFFER,
            unread: 0..0,
            given_back: None,
        }
    }

    /// Gives back what was read.
    pub fn giving_back(mut self) -> Self {
        self.given_back = Some(self.at);
        self
    }

    /// Reads little at once.
    pub fn of_few(mut self) -> Self {
        self.buffer_size = SMALL_BUFFER;
        self
    }

    /// Whether every byte was consumed.
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty() && self.at >= self.end
    }

    fn pread(file: &dyn ReadAt, out: &mut [u8], at: u64) -> io::Result<usize> {
        loop {
            match file.read_at(out, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    /// Goes on behind bytes that were read.
    fn advance(&mut self, count: usize) {
        self.at += count as u64;
        if let Some(given_back) = &mut self.given_back {
            self.file.give_back(*given_back..self.at);
            *given_back = self.at;
        }
    }
}

impl Read for Window {
    /// Reads past the buffer if it is empty, straight into `out`.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            let room = (self.end - self.at).min(out.len() as u64) as usize;
            let n = Self::pread(&*self.file, &mut out[..room], self.at)?;
            self.advance(n);
            return Ok(n);
        }
        let n = self.unread.len().min(out.len());
        out[..n].copy_from_slice(&self.buffer[self.unread.start..][..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.unread.is_empty() {
            let left = self.end - self.at;
            if self.buffer.is_empty() {
                self.buffer = vec![0; left.min(self.buffer_size) as usize].into_boxed_slice();
            }
            let room = left.min(self.buffer.len() as u64) as usize;
            let n = Self::pread(&*self.file, &mut self.buffer[..room], self.at)?;
            self.advance(n);
            self.unread = 0..n;
        }
        Ok(&self.buffer[self.unread.clone()])
    }

    fn consume(&mut self, n: usize) {
        self.unread.start = (self.unread.start + n).min(self.unread.end);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Broken, Interrupted, file_of};
    use super::*;

    #[test]
    fn a_read_that_a_signal_interrupts_is_tried_again() {
        let file = Arc::new(Interrupted::new(file_of(b"before, data, after")));
        let mut out = [0; 10];
        let mut window = Window::new(file.clone(), 8, 4);
        assert_eq!(window.read(&mut out).unwrap(), 4);
        assert_eq!(out[..4], *b"data");
        let mut window = Window::new(file, 8, 4);
        assert_eq!(window.fill_buf().unwrap(), b"data");
    }

    #[test]
    fn a_failing_disk_is_reported() {
        let mut window = Window::new(Arc::new(Broken), 8, 4);
        let error = window.read(&mut [0; 10]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
        let error = window.fill_buf().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
    }
}
