//! The encrypted body, at any place.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::body::BodySource;
use super::zip::Method;
use crate::file::ReadAt;

/// Stored blocks from one place that is known to the next.
const STRIDE: usize = 16;

/// Bytes of the file that a stored block has at least, on average, for its length to be remembered:
/// a deflater makes larger ones, and what is remembered stays below a thousandth of the file.
const LEAST_MEAN: u64 = 4 * 1024;

/// Bytes that are read at once for the headers in them where the disk has to be asked: asked for
/// each header by itself it can take many times longer.
const PIECE: u64 = 256 * 1024;

/// Bytes of a stored block before its data.
const HEADER: usize = 5;

/// A body whose bytes stand in the archive as they are: stored, or deflated to nothing but stored
/// blocks (RFC 1951, 3.2.4), which is what ciphertext deflates to.
#[derive(Debug)]
pub(crate) struct SeekableBody {
    file: Arc<dyn ReadAt>,
    len: u64,
    /// The place where it begins; if deflated, where every [`STRIDE`]th block does.
    known: Vec<Known>,
    /// The lengths of all blocks: to read their headers again and again would cost more than to
    /// decrypt what is in them.
    blocks: Vec<u16>,
    /// The place where it ends in the file.
    end: u64,
}

/// A place in the body, and the same place in the file; if deflated, that of a header.
#[derive(Clone, Copy, Debug)]
struct Known {
    body: u64,
    file: u64,
}

impl Known {
    /// Behind a stored block with `len` bytes of data.
    fn after_block(self, len: u16) -> Self {
        Self {
            body: self.body + u64::from(len),
            file: self.file + HEADER as u64 + u64::from(len),
        }
    }
}

impl SeekableBody {
    /// `None` where the body has to be inflated, or is not what the archive says: reading it in
    /// order tells which.
    pub(super) fn of(source: &BodySource) -> io::Result<Option<Self>> {
        let (file, start) = (Arc::clone(&source.file), source.start);
        let content = source.content;
        let mut body = Self {
            file,
            len: content.size,
            known: vec![Known {
                body: 0,
                file: start,
            }],
            blocks: Vec::new(),
            end: start.saturating_add(content.compressed),
        };
        let readable = match source.method {
            Method::Stored => content.size == content.compressed,
            Method::Deflate => body.find_blocks()?,
        };
        Ok(readable.then_some(body))
    }

    /// Steps over all blocks. Returns whether they are stored ones, and the whole body.
    fn find_blocks(&mut self) -> io::Result<bool> {
        let start = self.known[0];
        let mut here = start;
        let mut headers = Headers {
            file: &*self.file,
            end: self.end,
            piece: Vec::new(),
            start: 0,
        };
        loop {
            let Some(header) = headers.at(here.file)? else {
                return Ok(false);
            };
            let Some(len) = stored_len(&header) else {
                return Ok(false);
            };
            self.blocks.push(len);
            here = here.after_block(len);
            if header[0] & 1 != 0 {
                return Ok(here.body == self.len && here.file == self.end);
            }
            let count = self.blocks.len();
            if (count as u64).saturating_sub(STRIDE as u64) * LEAST_MEAN > here.file - start.file {
                return Ok(false);
            }
            if count.is_multiple_of(STRIDE) {
                self.known.push(here);
            }
        }
    }

    /// Finds the byte `at`, and how many follow it there.
    fn span(&self, at: u64) -> Span {
        // The first one is that of byte 0.
        let last = self.known.partition_point(|known| known.body <= at) - 1;
        let mut here = self.known[last];
        for &len in self.blocks.iter().skip(last * STRIDE) {
            let next = here.after_block(len);
            if at < next.body {
                return Span {
                    file: here.file + HEADER as u64 + (at - here.body),
                    len: next.body - at,
                };
            }
            here = next;
        }
        // Stored as a whole.
        Span {
            file: here.file + at,
            len: self.len - at,
        }
    }
}

/// Reads the headers of blocks in their order.
struct Headers<'a> {
    file: &'a dyn ReadAt,
    /// The end of the body.
    end: u64,
    /// The bytes that were read from `start` on.
    piece: Vec<u8>,
    start: u64,
}

impl Headers<'_> {
    /// The header at `at`; `None` where it would not end before the body does.
    fn at(&mut self, at: u64) -> io::Result<Option<[u8; HEADER]>> {
        if let Some(header) = self.in_piece(at) {
            return Ok(Some(header));
        }
        let len = self.end.saturating_sub(at).min(PIECE);
        if len < HEADER as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        if self
            .file
            .read_ready_at(&mut header, at)
            .is_ok_and(|count| count == HEADER)
        {
            return Ok(Some(header));
        }
        self.start = at;
        self.piece.resize(len as usize, 0);
        self.file.read_exact_at(&mut self.piece, at)?;
        Ok(self.in_piece(at))
    }

    /// The header at `at` where it was read already.
    fn in_piece(&self, at: u64) -> Option<[u8; HEADER]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.piece.get(from..)?.first_chunk().copied()
    }
}

struct Span {
    file: u64,
    len: u64,
}

/// The length that the header of a stored block tells.
fn stored_len(header: &[u8; HEADER]) -> Option<u16> {
    let len = u16::from_le_bytes([header[1], header[2]]);
    let complement = u16::from_le_bytes([header[3], header[4]]);
    (header[0] & 0b110 == 0 && len == !complement).then_some(len)
}

/// Takes the headers of blocks out of `raw`, which begins with `first` bytes of data, and moves the
/// data together. Returns how much it is.
fn without_headers(raw: &mut [u8], first: u64) -> io::Result<usize> {
    let mut kept = first.min(raw.len() as u64) as usize;
    let mut from = kept;
    while let Some(header) = raw[from..].first_chunk() {
        let len = stored_len(header).ok_or_else(changed)?;
        from += HEADER;
        let count = usize::from(len).min(raw.len() - from);
        raw.copy_within(from..from + count, kept);
        kept += count;
        from += count;
    }
    Ok(kept)
}

fn changed() -> io::Error {
    io::Error::other("the archive changed while it was read")
}

impl ReadAt for SeekableBody {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        if at >= self.len || out.is_empty() {
            return Ok(0);
        }
        let span = self.span(at);
        // All blocks at once, their headers between them: a read of each costs more than to move it.
        let room = (self.end - span.file).min(out.len() as u64) as usize;
        match self.file.read_at(&mut out[..room], span.file)? {
            0 => Err(changed()),
            count => without_headers(&mut out[..count], span.len),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn give_back(&self, range: Range<u64>) -> bool {
        if range.start >= range.end || range.start >= self.len {
            return false;
        }
        let end = match range.end < self.len {
            true => self.span(range.end).file,
            false => self.end,
        };
        self.file.give_back(self.span(range.start).file..end)
    }
}

#[cfg(test)]
mod tests;
