use std::io::{self, BufRead, Read};

use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _, consts::U16};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};

use super::padding::unpadded_len;
use super::{BodyCipher, ContentKey};

/// AES block size in bytes.
pub(super) const BLOCK: usize = 16;

/// Bytes that travel together through the pipeline: a whole number of blocks, small enough that
/// a chunk is still in the processor's cache when the next stage takes it.
pub const CHUNK: usize = 256 * 1024;

/// The one failure of every ciphertext that cannot be decrypted, whatever is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad ciphertext")]
pub struct BadCiphertext;

impl From<BadCiphertext> for io::Error {
    fn from(bad: BadCiphertext) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, bad)
    }
}

/// A source of chunks that takes used buffers back.
pub trait Chunks {
    /// The next bytes, at most [`CHUNK`], in `used` or another buffer: whole blocks but for the
    /// last ones, and nothing after these.
    ///
    /// # Errors
    /// What reading the source met.
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>>;
}

/// Chunks read from a [`Read`] by the thread that asks for them.
#[derive(Debug)]
pub struct ReadChunks<R> {
    reader: R,
    size: usize,
}

impl<R: Read> ReadChunks<R> {
    /// Chunks of `reader`.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            size: CHUNK,
        }
    }

    /// Chunks of a `reader` that holds about `len` bytes: buffers are no larger than that.
    pub fn of(reader: R, len: u64) -> Self {
        let len = usize::try_from(len).unwrap_or(CHUNK);
        Self {
            reader,
            size: len.saturating_add(BLOCK).min(CHUNK) / BLOCK * BLOCK,
        }
    }
}

impl<R: Read> Chunks for ReadChunks<R> {
    fn next_chunk(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
        used.resize(self.size, 0);
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

/// The result stream of a body: decrypts in place, holds the last chunk back until it is known
/// to be the last, and checks its padding.
///
/// Reading fails with [`io::ErrorKind::InvalidData`] around [`BadCiphertext`] where the body
/// cannot be decrypted; other errors are the source's own.
pub struct Opener<'k, C> {
    source: C,
    cipher: Cipher<'k>,
    /// Decrypted, being handed out from `at`.
    current: Vec<u8>,
    at: usize,
    /// Encrypted, the chunk after `current`; `None` before the first read.
    ahead: Option<Vec<u8>>,
}

enum Cipher<'k> {
    /// Waits for its first block, which may be an IV.
    NotStarted(&'k ContentKey),
    Aes256Cbc(cbc::Decryptor<Aes256>),
    Aes128Cbc(cbc::Decryptor<Aes128>),
    Aes128Ecb(Aes128),
}

impl<'k, C: Chunks> Opener<'k, C> {
    /// Opens the body that `source` yields; base64 already removed.
    pub fn new(key: &'k ContentKey, source: C) -> Self {
        Self {
            source,
            cipher: Cipher::NotStarted(key),
            current: Vec::new(),
            at: 0,
            ahead: None,
        }
    }

    /// Reads what is left of the body without decrypting it, so that its end is checked even
    /// though its content is already known to be bad.
    ///
    /// # Errors
    /// What reading the body met.
    pub fn drain(&mut self) -> io::Result<()> {
        let mut used = std::mem::take(&mut self.current);
        loop {
            used = self.source.next_chunk(used)?;
            if used.is_empty() {
                return Ok(());
            }
        }
    }

    /// Decrypts the chunk ahead and makes it the current one. At the end of the body `current`
    /// is left empty.
    fn advance(&mut self) -> io::Result<()> {
        let used = std::mem::take(&mut self.current);
        self.at = 0;
        let mut chunk = match self.ahead.take() {
            Some(chunk) => chunk,
            None => self.first_chunk()?,
        };
        if chunk.is_empty() {
            self.ahead = Some(chunk);
            return Ok(());
        }
        let ahead = self.source.next_chunk(used)?;
        let start = self.cipher.decrypt(&mut chunk)?;
        if ahead.is_empty() {
            let end = start + unpadded_len(&chunk[start..]).ok_or(BadCiphertext)?;
            chunk.truncate(end);
        }
        self.ahead = Some(ahead);
        self.current = chunk;
        self.at = start;
        Ok(())
    }

    fn first_chunk(&mut self) -> io::Result<Vec<u8>> {
        let first = self.source.next_chunk(Vec::new())?;
        if first.is_empty() {
            Err(BadCiphertext.into())
        } else {
            Ok(first)
        }
    }
}

impl<C: Chunks> BufRead for Opener<'_, C> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.current.len() {
            self.advance()?;
        }
        Ok(self.current.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<C: Chunks> Read for Opener<'_, C> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl Cipher<'_> {
    /// Decrypts `chunk` in place; its plaintext starts at the index returned (an IV comes first).
    fn decrypt(&mut self, chunk: &mut [u8]) -> Result<usize, BadCiphertext> {
        let start = self.start(chunk)?;
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(&mut chunk[start..]);
        if !rest.is_empty() || blocks.is_empty() {
            return Err(BadCiphertext);
        }
        match self {
            Self::Aes256Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Ecb(cipher) => cipher.decrypt_blocks(blocks),
            Self::NotStarted(_) => return Err(BadCiphertext),
        }
        Ok(start)
    }

    /// Before the first chunk, sets the cipher up; returns how much of `chunk` that took.
    fn start(&mut self, chunk: &[u8]) -> Result<usize, BadCiphertext> {
        let Self::NotStarted(key) = self else {
            return Ok(0);
        };
        let (bytes, bad) = (key.bytes(), |_| BadCiphertext);
        if key.cipher() == BodyCipher::Aes128Ecb {
            *self = Self::Aes128Ecb(Aes128::new_from_slice(bytes).map_err(bad)?);
            return Ok(0);
        }
        let iv = chunk.get(..BLOCK).ok_or(BadCiphertext)?;
        *self = if key.cipher() == BodyCipher::Aes256Cbc {
            Self::Aes256Cbc(cbc::Decryptor::new_from_slices(bytes, iv).map_err(bad)?)
        } else {
            Self::Aes128Cbc(cbc::Decryptor::new_from_slices(bytes, iv).map_err(bad)?)
        };
        Ok(BLOCK)
    }
}
