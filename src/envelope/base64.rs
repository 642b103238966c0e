use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cipher::BadCiphertext;

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
    /// Errors of writing.
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

    /// Takes in a text that comes in these pieces, each with a signal before it.
    fn decode_pieces(pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
        struct Pieces<'a>(Vec<&'a [u8]>, bool);
        impl Read for Pieces<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let Some(piece) = self.0.pop() else {
                    return Ok(0);
                };
                out[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
        let pieces = pieces.iter().rev().copied().collect();
        let mut reader = Base64Reader::new(Pieces(pieces, false));
        let (mut bytes, mut out) = (Vec::new(), [0; 100]);
        loop {
            match reader.read(&mut out)? {
                0 => return Ok(bytes),
                count => bytes.extend_from_slice(&out[..count]),
            }
        }
    }

    #[test]
    fn a_text_may_come_in_pieces() {
        for pieces in [
            &[&b"aGVs"[..], b"bG8="][..],
            &[b"a", b"G", b"V", b"s", b"b", b"G", b"8", b"="],
            &[b"aGVsbG8=", b"\n"],
            &[b"aGVsbG8=\n", b" ", b"\n"],
            &[b"aGVsb", b" \n", b"G8="],
        ] {
            assert_eq!(decode_pieces(pieces).unwrap(), b"hello", "{pieces:?}");
        }
    }

    #[test]
    fn nothing_but_white_space_may_come_after_the_end() {
        for pieces in [
            &[&b"aGVsbG8="[..], b"x"][..],
            &[b"aGVsbG8=", b"\n", b"aGVs"],
            &[b"aGVsbG8=x", b"\n"],
            &[b"aGVsbG8=", b"x", b"\n"],
            &[b"aGVs*", b"aGVs"],
        ] {
            let error = decode_pieces(pieces).unwrap_err();
            assert!(BadCiphertext::is(&error), "{pieces:?}: {error}");
        }
    }

    #[test]
    fn a_failing_source_counts_more_than_a_bad_text() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(5))
            }
        }
        for text in [&b""[..], b"aGVs", b"aGVsbG8=", b"a*Vs"] {
            let mut reader = Base64Reader::new(text.chain(Broken));
            let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(5), "{error}");
        }
    }

    #[test]
    fn no_more_is_read_than_one_step_takes() {
        let text = vec![b'A'; 10 * TEXT];
        let mut left = &text[..];
        let mut out = [7; 10];
        let mut reader = Base64Reader::new(&mut left);
        reader.read_exact(&mut out).unwrap();
        assert_eq!(out, [0; 10]);
        assert_eq!(left.len(), 9 * TEXT);
    }

    #[test]
    fn what_is_flushed_is_flushed_below() {
        struct Flushed(bool);
        impl Write for Flushed {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                Ok(buf.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0 = true;
                Ok(())
            }
        }
        let mut writer = Base64Writer::new(Flushed(false));
        writer.flush().unwrap();
        assert!(writer.finish().unwrap().0);
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
