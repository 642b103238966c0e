//! The places of the stored blocks of a deflated body (RFC 1951, 3.2.4).

/// Stored blocks from one place that is known to the next.
pub(super) const STRIDE: usize = 16;

/// Bytes of the file that a stored block has at least, on average, for its length to be remembered:
/// a deflater makes larger ones, and what is remembered stays below a thousandth of the file.
const LEAST_MEAN: u64 = 4 * 1024;

/// Bytes of a stored block before its data.
pub(super) const HEADER: usize = 5;

/// A place in the body, and the same place in the file: that of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub body: u64,
    pub file: u64,
}

impl Known {
    /// Behind a stored block with `len` bytes of data.
    pub(super) fn after_block(self, len: u16) -> Self {
        Self {
            body: self.body + u64::from(len),
            file: self.file + HEADER as u64 + u64::from(len),
        }
    }
}

/// Data that stands in the file as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub file: u64,
    pub len: u64,
}

/// What the header of a stored block tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub len: u16,
    /// Whether it is the last block.
    pub last: bool,
}

impl Stored {
    /// `None` for a block of another type.
    pub(super) fn of(header: &[u8; HEADER]) -> Option<Self> {
        let len = u16::from_le_bytes([header[1], header[2]]);
        let complement = u16::from_le_bytes([header[3], header[4]]);
        // A bit that says whether it is the last block, then its type: 00 is stored.
        (header[0] & 0b110 == 0 && len == !complement).then_some(Self {
            len,
            last: header[0] & 1 != 0,
        })
    }
}

/// Stored blocks that follow each other.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Where every [`STRIDE`]th of them begins.
    known: Vec<Known>,
    /// The lengths of all: to read their headers again and again would cost more than to decrypt what is in them.
    lens: Vec<u16>,
    /// Behind the last of them.
    end: Known,
}

impl Blocks {
    /// None, from `start` on.
    pub(super) fn from(start: Known) -> Self {
        Self {
            known: vec![start],
            lens: Vec::new(),
            end: start,
        }
    }

    pub(super) fn start(&self) -> Known {
        self.known[0]
    }

    pub(super) fn end(&self) -> Known {
        self.end
    }

    /// Adds the block behind them.
    pub(super) fn push(&mut self, len: u16) {
        self.lens.push(len);
        self.end = self.end.after_block(len);
        if self.lens.len().is_multiple_of(STRIDE) {
            self.known.push(self.end);
        }
    }

    /// Whether they are so many, and so small, that no more should be remembered.
    pub(super) fn are_too_many(&self) -> bool {
        let counted = (self.lens.len() as u64).saturating_sub(STRIDE as u64);
        counted * LEAST_MEAN > self.end.file - self.start().file
    }

    /// Finds the byte `at` of the body, and how many follow it in its block; `None` where it is in none of these.
    pub(super) fn span(&self, at: u64) -> Option<Span> {
        if at >= self.end.body {
            return None;
        }
        let last = self.known.partition_point(|known| known.body <= at);
        let last = last.checked_sub(1)?;
        let mut here = self.known[last];
        for &len in self.lens.iter().skip(last * STRIDE) {
            let next = here.after_block(len);
            if at < next.body {
                return Some(Span {
                    file: here.file + HEADER as u64 + (at - here.body),
                    len: next.body - at,
                });
            }
            here = next;
        }
        None
    }

    /// Bytes that they take in memory.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        size_of_val(&*self.known) + size_of_val(&*self.lens)
    }
}
