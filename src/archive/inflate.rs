//! One step of inflating, from a buffered reader straight into the caller's memory.

use std::io::{self, BufRead};

use flate2::{Decompress, FlushDecompress, Status};

use super::stored_blocks::{InflateError, Next, StoredBlocks};

/// The outcome of one step.
pub(super) struct Inflated {
    /// The bytes written to the output.
    pub produced: usize,
    /// Whether the compressed stream is at its end.
    pub ended: bool,
}

/// Inflates a stream that is expected to be mostly stored blocks.
#[derive(Debug)]
pub(super) enum Inflater {
    /// There were no others so far.
    Stored(StoredBlocks),
    /// There was another one.
    Deflated(Decompress),
}

impl Inflater {
    /// Begins a stream.
    pub(super) fn new() -> Self {
        Self::Stored(StoredBlocks::default())
    }

    /// Goes on behind stored blocks whose data ends with `history`.
    pub(super) fn behind(history: &[u8]) -> Self {
        Self::Stored(StoredBlocks::behind(history))
    }

    /// Inflates until there is some output, or the stream ends. `out` must not be empty.
    pub(super) fn step(
        &mut self,
        input: &mut (impl BufRead + ?Sized),
        out: &mut [u8],
    ) -> Result<Inflated, InflateError> {
        let blocks = match self {
            Self::Deflated(state) => return inflate(state, input, out),
            Self::Stored(blocks) => blocks,
        };
        match blocks.read(input, out)? {
            Next::Bytes(produced) => Ok(Inflated {
                produced,
                ended: false,
            }),
            Next::End => Ok(Inflated {
                produced: 0,
                ended: true,
            }),
            Next::Deflated => {
                let mut state = resume(blocks)?;
                let step = inflate(&mut state, input, out);
                *self = Self::Deflated(state);
                step
            }
        }
    }
}

/// An inflater that has read all that `blocks` has.
fn resume(blocks: &StoredBlocks) -> Result<Decompress, InflateError> {
    let mut state = Decompress::new(false);
    let (stream, len) = blocks.as_one();
    let (mut stream, mut left) = (stream.as_slice(), len);
    let mut unwanted = vec![0; len.max(1)];
    while left > 0 {
        left -= inflate(&mut state, &mut stream, &mut unwanted[..left])?.produced;
    }
    Ok(state)
}

/// Inflates until there is some output, or the stream ends. `out` must not be empty.
///
/// `flate2`'s own readers report corruption as an `io::Error` that cannot be told from one of the
/// underlying reader; here they stay apart.
pub(super) fn inflate(
    state: &mut Decompress,
    input: &mut (impl BufRead + ?Sized),
    out: &mut [u8],
) -> Result<Inflated, InflateError> {
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(InflateError::Io(error)),
        };
        let at_end = bytes.is_empty();
        let (total_in, total_out) = (state.total_in(), state.total_out());
        let status = state
            .decompress(bytes, out, FlushDecompress::None)
            .map_err(|_| InflateError::Corrupt("its compressed data is corrupt"))?;
        let consumed = (state.total_in() - total_in) as usize;
        let produced = (state.total_out() - total_out) as usize;
        input.consume(consumed);
        let ended = status == Status::StreamEnd;
        if produced > 0 || ended {
            return Ok(Inflated { produced, ended });
        }
        if at_end {
            return Err(InflateError::Corrupt("its compressed data ends early"));
        }
        if consumed == 0 {
            return Err(InflateError::Corrupt("its compressed data is corrupt"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::io::{BufReader, Read};

    use super::super::testing::{Broken, Interrupted, deflate, noise};
    use super::*;

    fn inflated(input: impl Read) -> Result<Vec<u8>, InflateError> {
        let mut input = BufReader::with_capacity(7, input);
        let mut inflater = Inflater::new();
        let (mut all, mut out) = (Vec::new(), [0; 1000]);
        loop {
            let step = inflater.step(&mut input, &mut out)?;
            assert!(
                step.produced > 0 || step.ended,
                "a step that brings nothing"
            );
            all.extend_from_slice(&out[..step.produced]);
            if step.ended {
                return Ok(all);
            }
        }
    }

    /// Data that is stored, and data that is not.
    fn both_kinds() -> [Vec<u8>; 2] {
        [noise(5000), noise(50).repeat(100)]
    }

    #[test]
    fn a_read_that_a_signal_interrupts_is_tried_again() {
        for data in both_kinds() {
            let stream = deflate(&data);
            let Ok(read) = inflated(Interrupted::new(&stream[..])) else {
                panic!("it fails");
            };
            assert!(read == data);
        }
    }

    #[test]
    fn a_disk_that_fails_is_no_damage() {
        for data in both_kinds() {
            let stream = deflate(&data);
            for len in [0, 1, 3, 5, stream.len() / 2, stream.len() - 1] {
                match inflated(stream[..len].chain(Broken)) {
                    Err(InflateError::Io(error)) => assert_eq!(error.raw_os_error(), Some(5)),
                    Err(InflateError::Corrupt(reason)) => panic!("after {len} bytes: {reason}"),
                    Ok(_) => panic!("after {len} bytes: it is read"),
                }
            }
        }
    }

    #[test]
    fn a_cut_stream_ends_early_wherever_it_is_cut() {
        let stream = deflate(&noise(50).repeat(100));
        for len in 0..stream.len() {
            match inflated(&stream[..len]) {
                Err(InflateError::Corrupt("its compressed data ends early")) => {}
                Err(InflateError::Corrupt(reason)) => panic!("after {len} bytes: {reason}"),
                Err(InflateError::Io(error)) => panic!("after {len} bytes: {error}"),
                Ok(_) => panic!("after {len} bytes: it is read"),
            }
        }
    }
}
