use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::ContentKey;
use super::cipher::{BLOCK, BadCiphertext, unpadded_len};
use crate::file::ReadAt;

/// A result, at any place: each read decrypts just the blocks that it needs.
#[derive(Debug)]
pub struct SeekableResult {
    body: Arc<dyn ReadAt>,
    key: Arc<ContentKey>,
    len: u64,
}

impl SeekableResult {
    /// Opens `body`, base64 already removed, and checks its padding.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] around [`BadCiphertext`] when the body cannot be decrypted;
    /// what reading it met.
    pub fn open(key: Arc<ContentKey>, body: Arc<dyn ReadAt>) -> io::Result<Self> {
        let block = BLOCK as u64;
        let mut result = Self { len: 0, body, key };
        let blocks = result.body.len()?.saturating_sub(result.iv_len());
        if blocks == 0 || blocks % block != 0 {
            return Err(BadCiphertext.into());
        }
        let mut last = [0; BLOCK];
        result.decrypt_at(&mut last, blocks - block)?;
        let kept = unpadded_len(&last).ok_or(BadCiphertext)?;
        result.len = blocks - block + kept as u64;
        Ok(result)
    }

    fn iv_len(&self) -> u64 {
        self.key.iv_len() as u64
    }

    /// Fills `out`, a whole number of blocks, with the plaintext of those from `at`, a block's
    /// beginning.
    fn decrypt_at(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        let mut before = [0; BLOCK];
        // The IV stands before the first block: each block's own is the one before it.
        if self.iv_len() > 0 {
            self.body.read_exact_at(&mut before, at)?;
        }
        self.body.read_exact_at(out, at + self.iv_len())?;
        Ok(self.key.decrypt(&before, out)?)
    }
}

impl ReadAt for SeekableResult {
    /// Reads to the end of a block where `at` is within one, else whole blocks as far as there is
    /// room for one.
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.len.saturating_sub(at).min(out.len() as u64) as usize;
        let within = (at % BLOCK as u64) as usize;
        let whole = left / BLOCK * BLOCK;
        if within == 0 && whole > 0 {
            self.decrypt_at(&mut out[..whole], at)?;
            return Ok(whole);
        }
        let count = left.min(BLOCK - within);
        if count > 0 {
            let mut block = [0; BLOCK];
            self.decrypt_at(&mut block, at - within as u64)?;
            out[..count].copy_from_slice(&block[within..][..count]);
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    /// Keeps the last block, with which the next one is decrypted.
    fn give_back(&self, range: Range<u64>) -> bool {
        let block = BLOCK as u64;
        let start = range.start.next_multiple_of(block) + self.iv_len();
        let end = range.end / block * block;
        start < end && self.body.give_back(start..end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::super::seal::sealed;
    use super::*;
    use crate::archive::Scheme;

    fn file_of(bytes: &[u8]) -> Arc<dyn ReadAt> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Arc::new(file)
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

    fn open(key: &Arc<ContentKey>, body: &[u8]) -> io::Result<SeekableResult> {
        SeekableResult::open(Arc::clone(key), file_of(body))
    }

    #[test]
    fn every_part_of_every_result_is_what_was_sealed() {
        for key in keys() {
            for len in [0, 1, 15, 16, 17, 100] {
                let plain: Vec<u8> = (0..len).map(|i| (i * 31) as u8).collect();
                let result = open(&key, &sealed(&key, &plain)).unwrap();
                assert_eq!(result.len().unwrap(), len as u64);
                for from in 0..=plain.len() {
                    for to in from..=plain.len() {
                        let mut part = vec![0; to - from];
                        result.read_exact_at(&mut part, from as u64).unwrap();
                        assert_eq!(part, plain[from..to], "{key:?}: {from}..{to} of {len}");
                    }
                }
                for at in [len as u64, len as u64 + 1, u64::MAX] {
                    assert_eq!(
                        result.read_at(&mut [0; 50], at).unwrap(),
                        0,
                        "nothing at {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn as_many_whole_blocks_as_there_is_room_for_are_read_at_once() {
        for key in keys() {
            let plain: Vec<u8> = (0..1000).map(|i| (i * 31) as u8).collect();
            let result = open(&key, &sealed(&key, &plain)).unwrap();
            let mut out = [0; 700];
            assert_eq!(result.read_at(&mut out, 16).unwrap(), 688, "{key:?}");
            assert_eq!(out[..688], plain[16..704], "{key:?}");
        }
    }

    #[test]
    fn a_cut_or_a_wrong_end_is_a_bad_ciphertext() {
        for key in keys() {
            let mut bodies = vec![sealed(&key, &[7; 100]); 3];
            bodies[0].truncate(95);
            bodies[1].clear();
            // Its padding is right once in 256 times: take one that is not.
            let end = bodies[2].len() - 1;
            while open(&key, &bodies[2]).is_ok() {
                bodies[2][end] = bodies[2][end].wrapping_add(1);
            }
            for body in bodies {
                let error = open(&key, &body).unwrap_err();
                assert!(BadCiphertext::is(&error), "{key:?}: {error}");
            }
        }
    }
}
