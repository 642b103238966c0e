//! AES in the modes that bodies are encrypted in, and their padding.

use std::io;

use aes::cipher::{Array, InvalidLength, KeyInit as _, consts::U16};
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};

use super::stack::leaving_nothing;

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

/// The encryption of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyCipher {
    /// IV + AES-256-CBC: archives in the current format, and in the guide-2019 format for RSA-4096 keys.
    Aes256Cbc,
    /// IV + AES-128-CBC: archives in the guide-2019 format for RSA-2048 keys.
    Aes128Cbc,
    /// AES-128-ECB, no IV: post-compute before 9.0.0.
    Aes128Ecb,
}

impl BodyCipher {
    /// Bytes of IV before the first encrypted block.
    pub fn iv_len(self) -> usize {
        match self {
            Self::Aes256Cbc | Self::Aes128Cbc => BLOCK,
            Self::Aes128Ecb => 0,
        }
    }

    /// Decrypts `bytes`, whole blocks of a body, in place. `before` is the encrypted block before
    /// them, or the IV; ECB ignores it.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        before: &[u8; BLOCK],
        bytes: &mut [u8],
    ) -> Result<(), BadCiphertext> {
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
        if !rest.is_empty() {
            return Err(BadCiphertext);
        }
        leaving_nothing(|| match self {
            Self::Aes256Cbc => cbc::Decryptor::<Aes256>::new_from_slices(key, before)
                .map(|mut aes| aes.decrypt_blocks(blocks)),
            Self::Aes128Cbc => cbc::Decryptor::<Aes128>::new_from_slices(key, before)
                .map(|mut aes| aes.decrypt_blocks(blocks)),
            Self::Aes128Ecb => Aes128::new_from_slice(key).map(|aes| aes.decrypt_blocks(blocks)),
        })
        .map_err(|_| BadCiphertext)
    }

    /// Encrypts the whole blocks of `bytes` in place: the inverse of [`Self::decrypt`].
    pub(super) fn encrypt(
        self,
        key: &[u8],
        before: &[u8; BLOCK],
        bytes: &mut [u8],
    ) -> Result<(), InvalidLength> {
        let blocks = Array::<u8, U16>::slice_as_chunks_mut(bytes).0;
        leaving_nothing(|| match self {
            Self::Aes256Cbc => cbc::Encryptor::<Aes256>::new_from_slices(key, before)
                .map(|mut aes| aes.encrypt_blocks(blocks)),
            Self::Aes128Cbc => cbc::Encryptor::<Aes128>::new_from_slices(key, before)
                .map(|mut aes| aes.encrypt_blocks(blocks)),
            Self::Aes128Ecb => Aes128::new_from_slice(key).map(|aes| aes.encrypt_blocks(blocks)),
        })
    }
}

/// Returns the length of the plaintext in `last`, the decrypted end of a body, without its PKCS#7
/// padding; `None` where that is not one.
pub(super) fn unpadded_len(last: &[u8]) -> Option<usize> {
    let pad = *last.last()?;
    let count = usize::from(pad);
    if !(1..=BLOCK).contains(&count) || last.len() < count {
        return None;
    }
    let len = last.len() - count;
    last[len..].iter().all(|&byte| byte == pad).then_some(len)
}

/// Appends PKCS#7 padding up to the next whole block.
pub(super) fn pad(last: &mut Vec<u8>) {
    let count = BLOCK - last.len() % BLOCK;
    // 1..=BLOCK, so it fits a byte.
    last.resize(last.len() + count, count as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips() {
        for len in 0..50 {
            let mut block = vec![0xAA; len];
            pad(&mut block);
            assert_eq!(block.len() % BLOCK, 0);
            assert!(block.len() > len);
            assert_eq!(unpadded_len(&block), Some(len));
        }
    }

    #[test]
    fn refuses_what_is_no_padding() {
        let mut mixed = vec![5; 16];
        mixed[12] = 4;
        assert_eq!(unpadded_len(&mixed), None, "unequal bytes");
        assert_eq!(unpadded_len(&[0; 16]), None, "zero");
        assert_eq!(unpadded_len(&[17; 32]), None, "more than a block");
        assert_eq!(unpadded_len(&[]), None, "nothing");
        assert_eq!(unpadded_len(&[9; 8]), None, "longer than what is there");
    }
}
