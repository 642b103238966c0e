//! The data of one entry in a stream.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress};

use super::counted::Counted;
use super::{EntryName, InnerError};
use crate::archive::format::{Content, Method};
use crate::archive::inflate::{InflateError, Step, inflate};

/// What outlives an entry: memory that is used again, and what may still be produced.
pub(super) struct Decoder {
    inflate: Decompress,
    drain: Box<[u8]>,
    left: u64,
    max_size: u64,
}

impl Decoder {
    pub fn new(max_size: u64) -> Self {
        Self {
            inflate: Decompress::new(false),
            drain: vec![0; 64 * 1024].into_boxed_slice(),
            left: max_size,
            max_size,
        }
    }

    /// The bytes of all entries so far.
    pub fn total(&self) -> u64 {
        self.max_size - self.left
    }
}

/// Reads the data of an entry, counting it against the limit.
pub(super) struct EntryData<'a, 'r, R: ?Sized> {
    name: EntryName<'a>,
    input: &'a mut Counted<'r, R>,
    decoder: &'a mut Decoder,
    method: Method,
    /// What the stored bytes still are; a deflated stream knows its own end.
    stored_left: u64,
    start: u64,
    crc: Crc,
    size: u64,
    ended: bool,
    failed: bool,
}

impl<'a, 'r, R: BufRead + ?Sized> EntryData<'a, 'r, R> {
    pub fn new(
        name: EntryName<'a>,
        method: Method,
        stored_len: u64,
        input: &'a mut Counted<'r, R>,
        decoder: &'a mut Decoder,
    ) -> Self {
        decoder.inflate.reset(false);
        Self {
            start: input.position(),
            name,
            input,
            decoder,
            method,
            stored_left: stored_len,
            crc: Crc::new(),
            size: 0,
            ended: false,
            failed: false,
        }
    }

    /// Reads what nobody read, and tells what the data was.
    pub fn finish(mut self) -> Result<Content, InnerError> {
        let mut rest = std::mem::take(&mut self.decoder.drain);
        let drained = loop {
            match self.advance(&mut rest) {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        self.decoder.drain = rest;
        drained?;
        Ok(Content {
            crc: self.crc.sum(),
            compressed: self.input.position() - self.start,
            size: self.size,
        })
    }

    fn advance(&mut self, out: &mut [u8]) -> Result<usize, InnerError> {
        if self.failed {
            return Err(self.name.damaged("reading it failed"));
        }
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let step = self.step(out).inspect_err(|_| self.failed = true)?;
        self.ended = step.ended;
        if step.produced as u64 > self.decoder.left {
            self.failed = true;
            return Err(InnerError::TooLarge {
                what: "size of the result in bytes",
                limit: self.decoder.max_size,
            });
        }
        self.decoder.left -= step.produced as u64;
        self.size += step.produced as u64;
        self.crc.update(&out[..step.produced]);
        Ok(step.produced)
    }

    fn step(&mut self, out: &mut [u8]) -> Result<Step, InnerError> {
        if self.method == Method::Deflate {
            return inflate(&mut self.decoder.inflate, self.input, out).map_err(
                |error| match error {
                    InflateError::Corrupt(reason) => self.name.damaged(reason),
                    InflateError::Io(error) => InnerError::Io(error),
                },
            );
        }
        let room = self.stored_left.min(out.len() as u64) as usize;
        let produced = self.input.read(&mut out[..room]).map_err(InnerError::Io)?;
        if produced == 0 && room > 0 {
            return Err(self.name.damaged("its data ends early"));
        }
        self.stored_left -= produced as u64;
        Ok(Step {
            produced,
            ended: self.stored_left == 0,
        })
    }
}

impl<R: BufRead + ?Sized> Read for EntryData<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.advance(out).map_err(InnerError::into_io)
    }
}
