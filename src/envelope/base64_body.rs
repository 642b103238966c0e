use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::BadCiphertext;

/// Text bytes per step: a multiple of four, so that a step is whole base64 groups.
const TEXT: usize = 64 * 1024;

/// Bytes behind base64 text; white space in the text is ignored, anything else that is not
/// base64 is [`BadCiphertext`].
#[derive(Debug)]
pub struct Base64Reader<R> {
    inner: R,
    text: Vec<u8>,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Base64Reader<R> {
    /// Decodes what `inner` yields.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            text: Vec::new(),
            bytes: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    /// Decodes the next step of text into `bytes`, which stays empty at the end.
    fn step(&mut self) -> io::Result<()> {
        self.bytes.clear();
        self.at = 0;
        while self.bytes.is_empty() && !self.ended {
            let kept = self.text.len();
            self.text.resize(TEXT, 0);
            let count = read_some(&mut self.inner, &mut self.text[kept..])?;
            self.ended = count == 0;
            self.text.truncate(kept + count);
            // To look costs a fifth of what it costs to move every byte.
            if self.text[kept..].iter().any(u8::is_ascii_whitespace) {
                self.text.retain(|byte| !byte.is_ascii_whitespace());
            }
            let whole = if self.ended {
                self.text.len()
            } else {
                self.text.len() / 4 * 4
            };
            if STANDARD
                .decode_vec(&self.text[..whole], &mut self.bytes)
                .is_err()
            {
                self.finish(whole)?;
                return Err(BadCiphertext.into());
            }
            // `=` ends a base64 text, so text after it is not one.
            if self.text[..whole].ends_with(b"=") {
                self.finish(whole)?;
            } else {
                self.text.drain(..whole);
            }
        }
        Ok(())
    }

    /// Reads the rest of the text, in which only white space may be.
    fn finish(&mut self, whole: usize) -> io::Result<()> {
        let mut bad = self.text[whole..]
            .iter()
            .any(|byte| !byte.is_ascii_whitespace());
        let mut rest = [0; 512];
        loop {
            let count = read_some(&mut self.inner, &mut rest)?;
            if count == 0 {
                break;
            }
            bad |= rest[..count].iter().any(|byte| !byte.is_ascii_whitespace());
        }
        self.ended = true;
        self.text.clear();
        if bad {
            Err(BadCiphertext.into())
        } else {
            Ok(())
        }
    }
}

fn read_some(inner: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl<R: Read> Read for Base64Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.bytes.len() {
            self.step()?;
        }
        let count = (&self.bytes[self.at..]).read(buf)?;
        self.at += count;
        Ok(count)
    }
}

/// Writes bytes as one line of padded base64.
#[derive(Debug)]
pub struct Base64Writer<W> {
    inner: W,
    pending: Vec<u8>,
}

impl<W: Write> Base64Writer<W> {
    /// Encodes into `inner`.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            pending: Vec::new(),
        }
    }

    /// Writes what is left, with its padding.
    ///
    /// # Errors
    /// What writing met.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner
            .write_all(STANDARD.encode(&self.pending).as_bytes())?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Base64Writer<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(buf);
        let whole = self.pending.len() / 3 * 3;
        self.inner
            .write_all(STANDARD.encode(&self.pending[..whole]).as_bytes())?;
        self.pending.drain(..whole);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn decode(text: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Base64Reader::new(text)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    }

    #[test]
    fn every_length_round_trips() {
        for len in (0..70).chain([49_151, 49_152, 49_153, 200_000]) {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut writer = Base64Writer::new(Vec::new());
            for part in bytes.chunks(1001) {
                writer.write_all(part).unwrap();
            }
            let text = writer.finish().unwrap();
            assert_eq!(text, STANDARD.encode(&bytes).into_bytes());
            assert_eq!(decode(&text).unwrap(), bytes);
        }
    }

    #[test]
    fn white_space_is_ignored_and_rubbish_refused() {
        assert_eq!(decode(b"aGVs\r\nbG8=\n").unwrap(), b"hello");
        for bad in [
            &b"aGVsbG8"[..],
            b"aGVs*bG8=",
            b"aGVsbG8=aGVs",
            b"=",
            b"aGVsbG8=x",
            b"a",
        ] {
            assert!(decode(bad).is_err(), "{bad:?}");
        }
    }
}
