use std::io::{self, Read, Write};

use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _, consts::U16};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};

use super::open::BLOCK;
use super::padding::pad;
use super::{Base64Writer, BodyCipher, Chunks as _, ContentKey, ReadChunks};

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

/// Encrypts `result` into `body` as the enclave does for the kind of `key`: IV and CBC, or
/// base64 of ECB for the legacy form. Returns the number of plaintext bytes.
///
/// # Errors
/// [`SealError`] when reading, writing or drawing the IV fails.
pub fn seal(key: &ContentKey, result: impl Read, mut body: impl Write) -> Result<u64, SealError> {
    let mut iv = [0; BLOCK];
    getrandom::fill(&mut iv)?;
    let (bytes, broken) = (key.bytes(), |_| {
        io::Error::other("a content key of the wrong length")
    });
    Ok(match key.cipher() {
        BodyCipher::Aes256Cbc => {
            body.write_all(&iv)?;
            let mut cipher =
                cbc::Encryptor::<Aes256>::new_from_slices(bytes, &iv).map_err(broken)?;
            encrypt(result, &mut body, |blocks| cipher.encrypt_blocks(blocks))?
        }
        BodyCipher::Aes128Cbc => {
            body.write_all(&iv)?;
            let mut cipher =
                cbc::Encryptor::<Aes128>::new_from_slices(bytes, &iv).map_err(broken)?;
            encrypt(result, &mut body, |blocks| cipher.encrypt_blocks(blocks))?
        }
        BodyCipher::Aes128Ecb => {
            let cipher = Aes128::new_from_slice(bytes).map_err(broken)?;
            let mut text = Base64Writer::new(body);
            let count = encrypt(result, &mut text, |blocks| cipher.encrypt_blocks(blocks))?;
            text.finish()?;
            count
        }
    })
}

fn encrypt(
    result: impl Read,
    body: &mut impl Write,
    mut blocks: impl FnMut(&mut [Array<u8, U16>]),
) -> io::Result<u64> {
    let mut source = ReadChunks::new(result);
    let mut count = 0;
    let mut chunk = Vec::new();
    loop {
        chunk = source.next_chunk(chunk)?;
        count += chunk.len() as u64;
        let last = chunk.len() < super::CHUNK;
        if last {
            pad(&mut chunk);
        }
        // A chunk is whole blocks: its size is, and the last one is padded.
        blocks(Array::slice_as_chunks_mut(&mut chunk).0);
        body.write_all(&chunk)?;
        if last {
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::super::{Base64Reader, CHUNK, ChunkReader, Opener};
    use super::*;
    use crate::archive::Scheme;

    fn open(key: &Arc<ContentKey>, body: &[u8]) -> io::Result<Vec<u8>> {
        let body: Box<dyn Read + '_> = match key.cipher() {
            BodyCipher::Aes128Ecb => Box::new(Base64Reader::new(body)),
            _ => Box::new(body),
        };
        let opener = Opener::new(Arc::clone(key), ReadChunks::new(body));
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
                let mut body = Vec::new();
                assert_eq!(seal(&key, &result[..], &mut body).unwrap(), len as u64);
                assert!(open(&key, &body).unwrap() == result, "{key:?} {len}");
            }
        }
    }

    #[test]
    fn every_cut_is_a_bad_ciphertext() {
        for key in keys() {
            let mut body = Vec::new();
            seal(&key, &[7; 100][..], &mut body).unwrap();
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
            let mut body = Vec::new();
            seal(&key, &b"PK\x03\x04 and more"[..], &mut body).unwrap();
            let head = match key.cipher() {
                BodyCipher::Aes128Ecb => {
                    let mut head = Vec::new();
                    Base64Reader::new(&body[..]).read_to_end(&mut head).unwrap();
                    head
                }
                _ => body,
            };
            assert!(key.fits(&head));
            assert!(!key.fits(&head[..15]));
            let other = keys().into_iter().find(|k| k.cipher() == key.cipher());
            assert!(!other.unwrap().fits(&head));
        }
    }
}
