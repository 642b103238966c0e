use std::io;
use std::sync::Arc;

use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _, consts::U16};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};

use super::padding::unpadded_len;
use super::{BodyCipher, Chunks, ContentKey};

/// AES block size in bytes.
pub(super) const BLOCK: usize = 16;

/// The one failure of every ciphertext that cannot be decrypted, whatever is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad ciphertext")]
pub struct BadCiphertext;

impl BadCiphertext {
    /// Whether `error` stands for it.
    pub fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}

impl From<BadCiphertext> for io::Error {
    fn from(bad: BadCiphertext) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, bad)
    }
}

/// The chunks of a result: those of a body, decrypted in place. The last one is held back until
/// it is known to be the last, and its padding is checked.
///
/// Where the body cannot be decrypted the error is [`io::ErrorKind::InvalidData`] around
/// [`BadCiphertext`]. Before it is given the source is read to its end: what is wrong with the
/// archive itself is said whatever key was tried on it.
pub struct Opener<C> {
    source: C,
    cipher: Cipher,
    /// Encrypted, the chunk to be handed out next; `None` before the first one is asked for.
    ahead: Option<Vec<u8>>,
}

impl<C: Chunks> Opener<C> {
    /// Opens the body that `source` yields in whole blocks; base64 already removed.
    pub fn new(key: Arc<ContentKey>, source: C) -> Self {
        Self {
            source,
            cipher: Cipher::NotStarted(key),
            ahead: None,
        }
    }

    fn open_next(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut chunk = match self.ahead.take() {
            Some(chunk) => chunk,
            None => self.first_chunk()?,
        };
        if chunk.is_empty() {
            self.ahead = Some(Vec::new());
            return Ok(chunk);
        }
        let ahead = self.source.next_chunk(used)?;
        self.cipher.decrypt(&mut chunk)?;
        if ahead.is_empty() {
            chunk.truncate(unpadded_len(&chunk).ok_or(BadCiphertext)?);
        }
        self.ahead = Some(ahead);
        Ok(chunk)
    }

    fn first_chunk(&mut self) -> io::Result<Vec<u8>> {
        let first = self.source.next_chunk(Vec::new())?;
        if first.is_empty() {
            Err(BadCiphertext.into())
        } else {
            Ok(first)
        }
    }

    fn drain_source(&mut self) -> io::Result<()> {
        let mut used = Vec::new();
        loop {
            used = self.source.next_chunk(used)?;
            if used.is_empty() {
                return Ok(());
            }
        }
    }
}

impl<C: Chunks> Chunks for Opener<C> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let opened = self.open_next(used);
        if opened.as_ref().is_err_and(BadCiphertext::is) {
            self.drain_source()?;
        }
        opened
    }
}

enum Cipher {
    /// Waits for its first block, which may be an IV.
    NotStarted(Arc<ContentKey>),
    Aes256Cbc(cbc::Decryptor<Aes256>),
    Aes128Cbc(cbc::Decryptor<Aes128>),
    Aes128Ecb(Aes128),
}

impl Cipher {
    /// Decrypts `chunk` in place; of the first one the IV is taken off.
    fn decrypt(&mut self, chunk: &mut Vec<u8>) -> Result<(), BadCiphertext> {
        self.start(chunk)?;
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(chunk);
        if !rest.is_empty() || blocks.is_empty() {
            return Err(BadCiphertext);
        }
        match self {
            Self::Aes256Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Ecb(cipher) => cipher.decrypt_blocks(blocks),
            Self::NotStarted(_) => return Err(BadCiphertext),
        }
        Ok(())
    }

    /// Before the first chunk, sets the cipher up.
    fn start(&mut self, chunk: &mut Vec<u8>) -> Result<(), BadCiphertext> {
        let Self::NotStarted(key) = self else {
            return Ok(());
        };
        let (bytes, bad) = (key.bytes(), |_| BadCiphertext);
        if key.cipher() == BodyCipher::Aes128Ecb {
            *self = Self::Aes128Ecb(Aes128::new_from_slice(bytes).map_err(bad)?);
            return Ok(());
        }
        let iv = chunk.get(..BLOCK).ok_or(BadCiphertext)?;
        *self = if key.cipher() == BodyCipher::Aes256Cbc {
            Self::Aes256Cbc(cbc::Decryptor::new_from_slices(bytes, iv).map_err(bad)?)
        } else {
            Self::Aes128Cbc(cbc::Decryptor::new_from_slices(bytes, iv).map_err(bad)?)
        };
        chunk.drain(..BLOCK);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
