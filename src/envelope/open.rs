use std::io;
use std::sync::Arc;

use super::blocks::{BLOCK, Blocks};
use super::padding::unpadded_len;
use super::{Chunks, ContentKey};

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
    key: Arc<ContentKey>,
    /// `None` before the first block, which may be an IV.
    blocks: Option<Blocks>,
    /// Encrypted, the chunk to be handed out next; `None` before the first one is asked for.
    ahead: Option<Vec<u8>>,
}

impl<C: Chunks> Opener<C> {
    /// Opens the body that `source` yields in whole blocks; base64 already removed.
    pub fn new(key: Arc<ContentKey>, source: C) -> Self {
        Self {
            source,
            key,
            blocks: None,
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
        self.decrypt(&mut chunk)?;
        if ahead.is_empty() {
            chunk.truncate(unpadded_len(&chunk).ok_or(BadCiphertext)?);
        }
        self.ahead = Some(ahead);
        Ok(chunk)
    }

    /// Decrypts `chunk` in place; of the first one the IV is taken off.
    fn decrypt(&mut self, chunk: &mut Vec<u8>) -> Result<(), BadCiphertext> {
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            none => {
                let iv_len = self.key.iv_len();
                let mut iv = [0; BLOCK];
                iv[..iv_len].copy_from_slice(chunk.get(..iv_len).ok_or(BadCiphertext)?);
                chunk.drain(..iv_len);
                none.insert(Blocks::after(&iv, &self.key)?)
            }
        };
        if chunk.is_empty() {
            return Err(BadCiphertext);
        }
        blocks.decrypt(chunk)
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

#[cfg(test)]
mod tests;
