use std::io::{self, Read};
use std::sync::Arc;

use super::cipher::{BLOCK, pad};
use super::content_key::{NoRandomness, fill_random};
use super::{CHUNK, Chunks, ContentKey, ReadChunks};

/// A failure to seal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Reading the result or writing the body failed; a retry may help once the cause is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The operating system gave no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// The chunks of a body: those of a result, encrypted as the enclave does for the kind of key. An
/// IV and CBC, or ECB, which the enclave then makes base64 of.
pub struct Sealer<R> {
    source: ReadChunks<R>,
    key: Arc<ContentKey>,
    /// The encrypted block before the next chunk: the IV at first.
    before: [u8; BLOCK],
    /// Whether there is an IV to hand out, before all else.
    at_iv: bool,
    ended: bool,
}

impl<R: Read> Sealer<R> {
    /// Seals `result` with `key` and a fresh IV.
    ///
    /// # Errors
    /// [`SealError::Random`] when there is no IV to be had.
    pub fn new(key: &Arc<ContentKey>, result: R) -> Result<Self, SealError> {
        let mut before = [0; BLOCK];
        fill_random(&mut before)?;
        Ok(Self {
            source: ReadChunks::new(result),
            key: Arc::clone(key),
            before,
            at_iv: key.iv_len() > 0,
            ended: false,
        })
    }
}

impl<R: Read> Chunks for Sealer<R> {
    fn next_chunk(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
        used.clear();
        if std::mem::take(&mut self.at_iv) {
            used.extend_from_slice(&self.before);
            return Ok(used);
        }
        if self.ended {
            return Ok(used);
        }
        let mut chunk = self.source.next_chunk(used)?;
        if chunk.len() < CHUNK {
            self.ended = true;
            pad(&mut chunk);
        }
        self.key.encrypt(&self.before, &mut chunk)?;
        if let Some(block) = chunk.last_chunk() {
            self.before = *block;
        }
        Ok(chunk)
    }
}

/// The whole body of a small result.
#[cfg(test)]
pub fn sealed(key: &Arc<ContentKey>, result: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let sealer = Sealer::new(key, result).unwrap_or_else(|error| panic!("{error}"));
    let read = super::ChunkReader::new(sealer).read_to_end(&mut body);
    assert!(read.is_ok());
    body
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{ChunkReader, Encrypted, Opener};
    use super::*;
    use crate::archive::Scheme;

    fn open(key: &Arc<ContentKey>, body: &[u8]) -> io::Result<Vec<u8>> {
        let opener = Opener::new(Encrypted::new(Arc::clone(key), ReadChunks::new(body)));
        let mut result = Vec::new();
        ChunkReader::new(opener).read_to_end(&mut result)?;
        Ok(result)
    }

    fn keys() -> Vec<Arc<ContentKey>> {
        [
            (Scheme::Current, 512),
            (Scheme::LegacyEcb, 512),
            (Scheme::Guide2019, 256),
        ]
        .map(|(scheme, len)| Arc::new(ContentKey::random(scheme, len).unwrap()))
        .into()
    }

    #[test]
    fn opens_what_it_seals_at_every_boundary() {
        for key in keys() {
            for len in [
                0,
                1,
                15,
                16,
                17,
                CHUNK - 33,
                CHUNK - 17,
                CHUNK - 16,
                CHUNK - 1,
                CHUNK,
                CHUNK + 1,
                3 * CHUNK + 5,
            ] {
                let result: Vec<u8> = (0..len).map(|i| (i * 31) as u8).collect();
                assert!(
                    open(&key, &sealed(&key, &result)).unwrap() == result,
                    "{key:?} {len}"
                );
            }
        }
    }

    #[test]
    fn every_cut_is_a_bad_ciphertext() {
        for key in keys() {
            let body = sealed(&key, &[7; 100]);
            for len in 0..body.len() {
                let error = open(&key, &body[..len]);
                // A cut at a block leaves a last block whose padding is right once in 256 times.
                if let Err(error) = error {
                    let inner = error.into_inner().unwrap();
                    assert!(inner.is::<super::super::BadCiphertext>(), "{key:?} {len}");
                } else {
                    assert!(len > 0 && len % 4 == 0, "{key:?} opened {len} bytes");
                }
            }
        }
    }

    #[test]
    fn a_zip_is_known_by_its_first_block() {
        for key in keys() {
            let head = sealed(&key, b"PK\x03\x04 and more");
            assert!(key.fits(&head));
            assert!(!key.fits(&head[..15]));
            assert!(key.fits(&sealed(&key, b"PK\x05\x06, an empty one")));
            assert!(!key.fits(&sealed(&key, b"PK\x01\x02, and no zip")));
            let other = keys().into_iter().find(|k| k.cipher() == key.cipher());
            assert!(!other.unwrap().fits(&head));
        }
    }
}
