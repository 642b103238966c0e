use std::io::{self, Read};

use aes::cipher::{Array, BlockCipherEncrypt as _, InvalidLength, KeyInit as _, consts::U16};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};

use super::cipher::BLOCK;
use super::padding::pad;
use super::stack::leaving_nothing;
use super::{BodyCipher, CHUNK, Chunks, ContentKey, ReadChunks};

/// What sealing can meet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Reading the result or writing the body failed; a retry may help once the cause is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

/// The chunks of a body: those of a result, encrypted as the enclave does for the kind of key. An
/// IV and CBC, or ECB, which the enclave then makes base64 of.
pub struct Sealer<R> {
    source: ReadChunks<R>,
    /// Where it does not move, and leaves no copy behind.
    cipher: Box<Cipher>,
    /// Handed out before all else.
    iv: Option<[u8; BLOCK]>,
    ended: bool,
}

enum Cipher {
    Aes256Cbc(cbc::Encryptor<Aes256>),
    Aes128Cbc(cbc::Encryptor<Aes128>),
    Aes128Ecb(Aes128),
}

impl Cipher {
    fn new(key: &ContentKey, iv: &[u8; BLOCK]) -> Result<Self, InvalidLength> {
        let bytes = key.bytes();
        match key.cipher() {
            BodyCipher::Aes256Cbc => {
                cbc::Encryptor::new_from_slices(bytes, iv).map(Self::Aes256Cbc)
            }
            BodyCipher::Aes128Cbc => {
                cbc::Encryptor::new_from_slices(bytes, iv).map(Self::Aes128Cbc)
            }
            BodyCipher::Aes128Ecb => Aes128::new_from_slice(bytes).map(Self::Aes128Ecb),
        }
    }

    /// Encrypts a chunk, which is whole blocks: its size is, and the last one is padded.
    fn encrypt(&mut self, chunk: &mut [u8]) {
        let blocks = Array::<u8, U16>::slice_as_chunks_mut(chunk).0;
        match self {
            Self::Aes256Cbc(cipher) => cipher.encrypt_blocks(blocks),
            Self::Aes128Cbc(cipher) => cipher.encrypt_blocks(blocks),
            Self::Aes128Ecb(cipher) => cipher.encrypt_blocks(blocks),
        }
    }
}

impl<R: Read> Sealer<R> {
    /// Seals `result` with `key` and a fresh IV.
    ///
    /// # Errors
    /// [`SealError::Random`] when there is no IV to be had.
    pub fn new(key: &ContentKey, result: R) -> Result<Self, SealError> {
        let mut iv = [0; BLOCK];
        getrandom::fill(&mut iv)?;
        let cipher = leaving_nothing(|| Cipher::new(key, &iv).map(Box::new))
            .map_err(|_| io::Error::other("a content key of the wrong length"))?;
        Ok(Self {
            source: ReadChunks::new(result),
            iv: (key.cipher() != BodyCipher::Aes128Ecb).then_some(iv),
            cipher,
            ended: false,
        })
    }
}

impl<R: Read> Chunks for Sealer<R> {
    fn next_chunk(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
        if let Some(iv) = self.iv.take() {
            return Ok(iv.to_vec());
        }
        used.clear();
        if self.ended {
            return Ok(used);
        }
        let mut chunk = self.source.next_chunk(used)?;
        if chunk.len() < CHUNK {
            self.ended = true;
            pad(&mut chunk);
        }
        leaving_nothing(|| self.cipher.encrypt(&mut chunk));
        Ok(chunk)
    }
}

/// The whole body of a small result.
#[cfg(test)]
pub fn sealed(key: &ContentKey, result: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let sealer = Sealer::new(key, result).unwrap_or_else(|error| panic!("{error}"));
    let read = super::ChunkReader::new(sealer).read_to_end(&mut body);
    assert!(read.is_ok());
    body
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

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
