//! The encrypted body as a reader.

use std::io::{self, Read};
use std::sync::Arc;

use crc32fast::Hasher as Crc;
use thiserror::Error;

use super::blocks::Known;
use super::inflate::{Inflated, Inflater};
use super::stored_blocks::InflateError;
use super::window::Window;
use super::zip::{Content, Method};
use crate::file::ReadAt;

/// The stored bytes of an entry are not what the archive says of them.
///
/// A [`Body`] reports it inside an [`io::Error`] of kind [`io::ErrorKind::InvalidData`], so that a
/// caller can downcast it and tell a damaged archive from a failing disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the archive is damaged: the encrypted body is not what it should be: {reason}")]
pub struct Damaged {
    /// The reason.
    pub reason: &'static str,
}

/// The place and the form of the bytes of a body.
#[derive(Clone, Debug)]
pub(super) struct BodySource {
    pub file: Arc<dyn ReadAt>,
    pub start: u64,
    pub method: Method,
    pub content: Content,
    /// Whether there is a CRC to check: a plain file has none.
    pub has_crc: bool,
}

impl BodySource {
    /// Takes a whole file, as it is.
    pub fn whole(file: Arc<dyn ReadAt>, len: u64) -> Self {
        Self {
            file,
            start: 0,
            method: Method::Stored,
            content: Content {
                crc: 0,
                compressed: len,
                size: len,
            },
            has_crc: false,
        }
    }

    /// The place of its beginning.
    pub fn start(&self) -> Known {
        Known {
            body: 0,
            file: self.start,
        }
    }

    /// The place behind it.
    pub fn end(&self) -> Known {
        Known {
            body: self.content.size,
            file: self.start.saturating_add(self.content.compressed),
        }
    }

    pub fn open(&self) -> Body {
        self.read(self.window())
    }

    /// Opens it for its first bytes.
    pub fn open_beginning(&self) -> Body {
        self.read(self.window().of_few())
    }

    /// Opens it for the last time: what was read is given back.
    pub fn open_once(&self) -> Body {
        self.read(self.window().giving_back())
    }

    /// Opens what follows a place in it that is the beginning of a block, where the data before ends with `history`. Whoever
    /// has read that checks the CRC.
    pub fn open_behind(&self, from: Known, history: &[u8]) -> Body {
        let len = self.end().file.saturating_sub(from.file);
        Body {
            window: Window::new(Arc::clone(&self.file), from.file, len),
            inflate: Some(Inflater::behind(history)),
            crc: Crc::new(),
            expected_crc: None,
            left: self.content.size.saturating_sub(from.body),
            ended: false,
        }
    }

    fn window(&self) -> Window {
        Window::new(Arc::clone(&self.file), self.start, self.content.compressed)
    }

    fn read(&self, window: Window) -> Body {
        Body {
            window,
            inflate: match self.method {
                Method::Stored => None,
                Method::Deflate => Some(Inflater::new()),
            },
            crc: Crc::new(),
            expected_crc: self.has_crc.then_some(self.content.crc),
            left: self.content.size,
            ended: false,
        }
    }
}

/// Reads an encrypted body: inflated if need be, and checked against its size and CRC at the end.
///
/// Read it to its end (`Ok(0)`): only there is it known to be whole. It needs few calls if the
/// buffer is large, and copies nothing twice.
#[derive(Debug)]
pub struct Body {
    window: Window,
    inflate: Option<Inflater>,
    crc: Crc,
    expected_crc: Option<u32>,
    left: u64,
    ended: bool,
}

impl Body {
    fn step(&mut self, out: &mut [u8]) -> io::Result<Inflated> {
        let Some(inflate) = &mut self.inflate else {
            let produced = self.window.read(out)?;
            return Ok(Inflated {
                produced,
                ended: produced == 0,
            });
        };
        inflate
            .step(&mut self.window, out)
            .map_err(|error| match error {
                InflateError::Corrupt(reason) => damaged(reason),
                InflateError::Io(error) => error,
            })
    }

    /// Ends after all declared bytes: the data must end here, and be the right one.
    fn finish(&mut self) -> io::Result<()> {
        while !self.ended {
            let mut one_more = [0];
            let step = self.step(&mut one_more)?;
            if step.produced > 0 {
                return Err(damaged("it is longer than declared"));
            }
            self.ended = step.ended;
        }
        if !self.window.is_empty() {
            return Err(damaged("there is more after its compressed data"));
        }
        if self
            .expected_crc
            .is_some_and(|crc| crc != self.crc.clone().finalize())
        {
            return Err(damaged("its CRC does not match"));
        }
        Ok(())
    }
}

impl Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return self.finish().map(|()| 0);
        }
        if self.ended {
            return Err(damaged("it is shorter than declared"));
        }
        let room = self.left.min(out.len() as u64) as usize;
        let step = self.step(&mut out[..room])?;
        self.ended = step.ended;
        if step.produced == 0 {
            return Err(damaged("it is shorter than declared"));
        }
        self.left -= step.produced as u64;
        if self.expected_crc.is_some() {
            self.crc.update(&out[..step.produced]);
        }
        Ok(step.produced)
    }
}

pub(super) fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Damaged { reason })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::super::testing::{crc, deflate, file_of, noise};
    use super::*;

    fn source(method: Method, packed: &[u8], data: &[u8]) -> BodySource {
        let bytes = [b"before", packed, b"after"].concat();
        BodySource {
            file: Arc::new(file_of(&bytes)),
            start: 6,
            method,
            content: Content {
                crc: crc(data),
                compressed: packed.len() as u64,
                size: data.len() as u64,
            },
            has_crc: true,
        }
    }

    fn read(source: &BodySource) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        source.open().read_to_end(&mut out).map(|_| out)
    }

    fn reason(source: &BodySource) -> &'static str {
        let error = read(source).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.downcast::<Damaged>().unwrap().reason
    }

    #[test]
    fn both_methods_give_the_data_each_time_it_is_asked_for() {
        for len in [0, 1, 1000, 700_000] {
            let data = noise(len);
            let stored = source(Method::Stored, &data, &data);
            let deflated = source(Method::Deflate, &deflate(&data), &data);
            for _ in 0..2 {
                assert!(read(&stored).unwrap() == data);
                assert!(read(&deflated).unwrap() == data);
            }
        }
    }

    #[test]
    fn readers_do_not_share_a_cursor() {
        let data = noise(1000);
        let source = source(Method::Stored, &data, &data);
        let (mut one, mut two) = (source.open(), source.open());
        let (mut a, mut b) = ([0; 400], [0; 400]);
        one.read_exact(&mut a).unwrap();
        two.read_exact(&mut b).unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn every_lie_is_found() {
        let data = noise(3000);
        let packed = deflate(&data);
        for (method, packed) in [(Method::Stored, &data), (Method::Deflate, &packed)] {
            let mut crc = source(method, packed, &data);
            crc.content.crc ^= 1;
            assert_eq!(reason(&crc), "its CRC does not match");

            let mut longer = source(method, packed, &data);
            longer.content.size -= 1;
            assert_eq!(reason(&longer), "it is longer than declared");

            let mut shorter = source(method, packed, &data);
            shorter.content.size += 1;
            assert_eq!(reason(&shorter), "it is shorter than declared");
        }
        let garbage = source(Method::Deflate, &[&packed[..], &[0]].concat(), &data);
        assert_eq!(reason(&garbage), "there is more after its compressed data");
        let mut cut = source(Method::Deflate, &packed, &data);
        cut.content.compressed -= 1;
        assert_eq!(reason(&cut), "its compressed data ends early");
        let corrupt = source(Method::Deflate, &[7; 50], &data);
        assert_eq!(reason(&corrupt), "its compressed data is corrupt");
    }

    #[test]
    fn a_file_that_shrank_is_damaged() {
        let whole = BodySource::whole(Arc::new(file_of(b"abc")), 4);
        assert_eq!(reason(&whole), "it is shorter than declared");
        let whole = BodySource::whole(Arc::new(file_of(b"abc")), 3);
        assert_eq!(read(&whole).unwrap(), b"abc");
    }

    #[test]
    fn an_entry_at_the_end_of_a_shrunken_file_ends_in_an_error() {
        let data = noise(100);
        let mut source = source(Method::Deflate, &deflate(&data), &data);
        source.file = Arc::new(file_of(&[&b"before"[..], &deflate(&data)[..44]].concat()));
        assert_eq!(reason(&source), "its compressed data ends early");
    }
}
