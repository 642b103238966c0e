//! Buffers that travel through the pipeline and are used again.

use std::io::{self, BufRead, Read};

use super::cipher::BLOCK;

/// Bytes that travel together through the pipeline: a whole number of blocks, small enough that
/// a chunk is still in the processor's cache when the next stage takes it.
pub const CHUNK: usize = 256 * 1024;

/// A source of chunks that takes used buffers back.
pub trait Chunks {
    /// The next bytes, at most [`CHUNK`], in `used` or another buffer; none at the end, and after
    /// it.
    ///
    /// # Errors
    /// Errors of the source.
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>>;
}

impl<C: Chunks + ?Sized> Chunks for Box<C> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        (**self).next_chunk(used)
    }
}

/// Chunks read from a [`Read`], whole blocks but for the last one.
#[derive(Debug)]
pub struct ReadChunks<R> {
    reader: R,
    size: usize,
    /// By how much the next chunk is larger.
    head: usize,
}

impl<R: Read> ReadChunks<R> {
    /// Chunks of `reader`.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            size: CHUNK,
            head: 0,
        }
    }

    /// Chunks of a `reader` that holds about `len` bytes: buffers are no larger than that.
    pub fn of(reader: R, len: u64) -> Self {
        let len = usize::try_from(len).unwrap_or(CHUNK);
        Self {
            reader,
            size: len.saturating_add(BLOCK).min(CHUNK) / BLOCK * BLOCK,
            head: 0,
        }
    }

    /// Lets the first chunk have so many bytes more, which the next stage takes off. What it passes
    /// on is then cut at multiples of [`CHUNK`]: a page cache takes that in fewer, larger pieces.
    pub fn with_head(mut self, bytes: usize) -> Self {
        self.head = bytes;
        self
    }
}

impl<R: Read> Chunks for ReadChunks<R> {
    fn next_chunk(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
        used.resize(self.size + std::mem::take(&mut self.head), 0);
        let mut filled = 0;
        while filled < used.len() {
            match self.reader.read(&mut used[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        used.truncate(filled);
        Ok(used)
    }
}

/// Chunks as a reader.
#[derive(Debug)]
pub struct ChunkReader<C> {
    source: C,
    /// Being handed out from `at`.
    current: Vec<u8>,
    at: usize,
}

impl<C: Chunks> ChunkReader<C> {
    /// Reads what `source` yields.
    pub fn new(source: C) -> Self {
        Self {
            source,
            current: Vec::new(),
            at: 0,
        }
    }

    /// Asks for all that is left, and throws it away.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn drain(&mut self) -> io::Result<()> {
        self.at = 0;
        loop {
            self.current = self.source.next_chunk(std::mem::take(&mut self.current))?;
            if self.current.is_empty() {
                return Ok(());
            }
        }
    }
}

impl<C: Chunks> BufRead for ChunkReader<C> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.current.len() {
            self.at = 0;
            self.current = self.source.next_chunk(std::mem::take(&mut self.current))?;
        }
        Ok(self.current.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<C: Chunks> Read for ChunkReader<C> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
