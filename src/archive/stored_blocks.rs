//! The stored blocks that a deflated stream begins with.
//!
//! Ciphertext does not compress, so that a deflated body is nothing but stored blocks (RFC 1951,
//! 3.2.4). Copied as they are they cost half of what an inflater takes for them.

use std::io::{self, BufRead};

/// Bytes that a deflated block may reach back.
pub(super) const HISTORY: usize = 32 * 1024;

/// Why inflating cannot go on.
pub(super) enum InflateError {
    /// The compressed bytes make no sense, or end early.
    Corrupt(&'static str),
    /// The reader failed.
    Io(io::Error),
}

/// The next thing in the stream.
pub(super) enum Next {
    /// Bytes that were written to the output; more may follow.
    Bytes(usize),
    /// The last block was a stored one, and it is over.
    End,
    /// A block that has to be inflated.
    Deflated,
}

/// Reads stored blocks for as long as there are no others.
#[derive(Debug, Default)]
pub(super) struct StoredBlocks {
    /// Bytes of the current block that are still to come.
    left: usize,
    /// Whether the current block is the last one.
    last: bool,
    /// The end of what was read.
    history: Vec<u8>,
}

impl StoredBlocks {
    /// Begins behind stored blocks whose data ends with `history`.
    pub(super) fn behind(history: &[u8]) -> Self {
        Self {
            history: history.to_vec(),
            ..Self::default()
        }
    }

    /// Reads as much as `out` holds, or until there is no stored block any more. `out` must not be
    /// empty.
    pub(super) fn read(
        &mut self,
        input: &mut (impl BufRead + ?Sized),
        out: &mut [u8],
    ) -> Result<Next, InflateError> {
        let mut filled = 0;
        while filled < out.len() {
            if self.left == 0
                && let Some(other) = self.next_block(input)?
            {
                if filled == 0 {
                    return Ok(other);
                }
                break;
            }
            let bytes = buffered(input)?;
            let count = self.left.min(bytes.len()).min(out.len() - filled);
            out[filled..][..count].copy_from_slice(&bytes[..count]);
            input.consume(count);
            self.left -= count;
            filled += count;
        }
        self.remember(&out[..filled]);
        Ok(Next::Bytes(filled))
    }

    /// Begins the next stored block, which has at least one byte; or tells what there is instead.
    fn next_block(
        &mut self,
        input: &mut (impl BufRead + ?Sized),
    ) -> Result<Option<Next>, InflateError> {
        while self.left == 0 {
            if self.last {
                return Ok(Some(Next::End));
            }
            let header = buffered(input)?[0];
            // A bit that says whether it is the last block, then its type: 00 is stored.
            if header & 0b110 != 0 {
                return Ok(Some(Next::Deflated));
            }
            self.last = header & 1 != 0;
            input.consume(1);
            let len = u16::from_le_bytes([byte(input)?, byte(input)?]);
            let complement = u16::from_le_bytes([byte(input)?, byte(input)?]);
            if len != !complement {
                return Err(InflateError::Corrupt("its compressed data is corrupt"));
            }
            self.left = len.into();
        }
        Ok(None)
    }

    /// The beginning of a stream that stands for all that was read: one stored block of what a
    /// later block may refer to, and its length.
    pub(super) fn as_one(&self) -> (Vec<u8>, usize) {
        let len = self.history.len();
        // At most HISTORY, which has 16 bits.
        let [low, high] = (len as u16).to_le_bytes();
        let mut stream = vec![0, low, high, !low, !high];
        stream.extend_from_slice(&self.history);
        (stream, len)
    }

    fn remember(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(HISTORY)..];
        let surplus = (self.history.len() + new.len()).saturating_sub(HISTORY);
        self.history.drain(..surplus);
        self.history.extend_from_slice(new);
    }
}

/// Returns the buffered bytes; at least one, as the stream is not at its end.
fn buffered<R: BufRead + ?Sized>(input: &mut R) -> Result<&[u8], InflateError> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(InflateError::Io(error));
        }
    }
    match input.fill_buf() {
        Ok([]) => Err(InflateError::Corrupt("its compressed data ends early")),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(InflateError::Io(error)),
    }
}

fn byte(input: &mut (impl BufRead + ?Sized)) -> Result<u8, InflateError> {
    let byte = buffered(input)?[0];
    input.consume(1);
    Ok(byte)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::io::BufReader;

    use super::super::inflate::Inflater;
    use super::super::testing::{deflate, noise, stored_block};
    use super::*;

    /// Inflates with buffers of these sizes.
    fn inflated(stream: &[u8], buffer: usize, room: usize) -> Result<Vec<u8>, &'static str> {
        let mut input = BufReader::with_capacity(buffer, stream);
        let mut inflater = Inflater::new();
        let (mut all, mut out) = (Vec::new(), vec![0; room]);
        loop {
            match inflater.step(&mut input, &mut out) {
                Ok(step) => {
                    all.extend_from_slice(&out[..step.produced]);
                    if step.ended {
                        assert_eq!(input.fill_buf().unwrap(), b"", "all is consumed");
                        return Ok(all);
                    }
                }
                Err(InflateError::Corrupt(reason)) => return Err(reason),
                Err(InflateError::Io(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn streams_that_begin_with_stored_blocks_give_their_data_with_buffers_of_every_size() {
        let start = noise(50_000);
        // What repeats is not stored, and reaches back over the block before it.
        let again = [&start[..], &start[30_000..], b"end"].concat();
        let zeros = [&start[..], &[0; 1000]].concat();
        for data in [&b""[..], b"x", &start, &again, &zeros] {
            let stream = deflate(data);
            for (buffer, room) in [(1, 7), (7, 1), (4096, 65_536), (262_144, 262_144)] {
                assert!(inflated(&stream, buffer, room).unwrap() == data);
            }
        }
    }

    #[test]
    fn the_streams_of_this_test_have_blocks_of_both_kinds() {
        let mut blocks = StoredBlocks::default();
        let start = noise(50_000);
        let stream = deflate(&[&start[..], &start[30_000..]].concat());
        let (mut input, mut out) = (&stream[..], vec![0; 1 << 20]);
        assert!(matches!(
            blocks.read(&mut input, &mut out),
            Ok(Next::Bytes(10_000..))
        ));
        assert!(matches!(
            blocks.read(&mut input, &mut out),
            Ok(Next::Deflated)
        ));
    }

    #[test]
    fn blocks_may_be_empty_and_have_rubbish_in_their_padding() {
        let stream = [
            stored_block(0xf8, b"ab"),
            stored_block(0, b""),
            stored_block(0, b"c"),
            stored_block(1, b""),
        ]
        .concat();
        for (buffer, room) in [(1, 1), (3, 2), (100, 100)] {
            assert_eq!(inflated(&stream, buffer, room).unwrap(), b"abc");
        }
    }

    #[test]
    fn a_length_that_does_not_fit_its_complement_is_corrupt_and_a_cut_is_an_end() {
        let mut stream = stored_block(1, b"abc");
        for len in 0..stream.len() {
            let reason = inflated(&stream[..len], 10, 10).unwrap_err();
            assert_eq!(reason, "its compressed data ends early", "{len}");
        }
        stream[3] ^= 1;
        let reason = inflated(&stream, 10, 10).unwrap_err();
        assert_eq!(reason, "its compressed data is corrupt");
    }
}
