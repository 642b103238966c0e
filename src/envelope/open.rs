use std::io;
use std::sync::Arc;

use super::cipher::{BLOCK, BadCiphertext, unpadded_len};
use super::{Chunks, ContentKey};

/// The chunks of a body, each with what is needed to decrypt it by itself.
///
/// The last one is held back until it is known to be the last. So whoever finds that it cannot be
/// decrypted finds it after the body was read to its end: what is wrong with the archive itself is
/// said whatever key was tried on it.
pub struct Encrypted<C> {
    source: C,
    key: Arc<ContentKey>,
    /// The block before the next chunk: the IV at first.
    before: [u8; BLOCK],
    /// The next chunk; `None` before the first one is asked for.
    ahead: Option<Vec<u8>>,
}

impl<C: Chunks> Encrypted<C> {
    /// Takes a body that `source` yields in whole blocks; base64 already removed.
    pub fn new(key: Arc<ContentKey>, source: C) -> Self {
        Self {
            source,
            key,
            before: [0; BLOCK],
            ahead: None,
        }
    }

    /// The next chunk, in `used` or another buffer; `None` after the last one.
    ///
    /// # Errors
    /// Errors of the source; [`io::ErrorKind::InvalidData`] around [`BadCiphertext`] when
    /// there is nothing to decrypt.
    pub fn next(&mut self, used: Vec<u8>) -> io::Result<Option<EncryptedChunk>> {
        let (bytes, used) = match self.ahead.take() {
            Some(bytes) if bytes.is_empty() => {
                self.ahead = Some(bytes);
                return Ok(None);
            }
            Some(bytes) => (bytes, used),
            None => (self.first(used)?, Vec::new()),
        };
        let ahead = self.source.next_chunk(used)?;
        let chunk = EncryptedChunk {
            key: Arc::clone(&self.key),
            before: self.before,
            last: ahead.is_empty(),
            bytes,
        };
        if let Some(block) = chunk.bytes.last_chunk() {
            self.before = *block;
        }
        self.ahead = Some(ahead);
        Ok(Some(chunk))
    }

    /// The first chunk, of which the IV is taken off.
    fn first(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut first = self.source.next_chunk(used)?;
        let iv_len = self.key.iv_len();
        if first.len() <= iv_len {
            // As for any other body: what is wrong with the archive counts more.
            while !first.is_empty() {
                first = self.source.next_chunk(first)?;
            }
            return Err(BadCiphertext.into());
        }
        self.before[..iv_len].copy_from_slice(&first[..iv_len]);
        first.drain(..iv_len);
        Ok(first)
    }
}

/// Encrypted blocks of a body.
pub struct EncryptedChunk {
    key: Arc<ContentKey>,
    before: [u8; BLOCK],
    bytes: Vec<u8>,
    last: bool,
}

impl EncryptedChunk {
    /// Bytes that it has; its padding counts.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The plaintext, in the same buffer, without padding.
    ///
    /// # Errors
    /// When it cannot be decrypted.
    pub fn open(mut self) -> Result<Vec<u8>, BadCiphertext> {
        self.key.decrypt(&self.before, &mut self.bytes)?;
        if self.last {
            let len = unpadded_len(&self.bytes).ok_or(BadCiphertext)?;
            self.bytes.truncate(len);
        }
        Ok(self.bytes)
    }
}

/// The chunks of a result, in their order.
///
/// The error, if the body cannot be decrypted, is [`io::ErrorKind::InvalidData`] around
/// [`BadCiphertext`].
pub struct Opener<C>(Encrypted<C>);

impl<C: Chunks> Opener<C> {
    /// Opens a body.
    pub fn new(encrypted: Encrypted<C>) -> Self {
        Self(encrypted)
    }
}

impl<C: Chunks> Chunks for Opener<C> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        match self.0.next(used)? {
            Some(chunk) => Ok(chunk.open()?),
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
