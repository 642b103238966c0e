//! AES in the modes that bodies are encrypted in, on whole blocks.

use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _, consts::U16};
use aes::{Aes128, Aes256};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};

use super::stack::leaving_nothing;
use super::{BadCiphertext, BodyCipher, ContentKey};

/// AES block size in bytes.
pub(super) const BLOCK: usize = 16;

/// Decrypts `bytes`, whole blocks of a body, where they are. `before` is the block before them: the
/// IV, or an encrypted block. ECB has no use for it.
pub(super) fn decrypt(
    bytes: &mut [u8],
    before: &[u8; BLOCK],
    key: &ContentKey,
) -> Result<(), BadCiphertext> {
    leaving_nothing(|| Blocks::after(before, key)?.decrypt(bytes))
}

/// Decrypts the blocks of a body, from one of them on.
enum Blocks {
    Aes256Cbc(cbc::Decryptor<Aes256>),
    Aes128Cbc(cbc::Decryptor<Aes128>),
    Aes128Ecb(Aes128),
}

impl Blocks {
    fn after(before: &[u8; BLOCK], key: &ContentKey) -> Result<Self, BadCiphertext> {
        let (key, cipher) = (key.bytes(), key.cipher());
        let blocks = match cipher {
            BodyCipher::Aes256Cbc => {
                cbc::Decryptor::new_from_slices(key, before).map(Self::Aes256Cbc)
            }
            BodyCipher::Aes128Cbc => {
                cbc::Decryptor::new_from_slices(key, before).map(Self::Aes128Cbc)
            }
            BodyCipher::Aes128Ecb => Aes128::new_from_slice(key).map(Self::Aes128Ecb),
        };
        blocks.map_err(|_| BadCiphertext)
    }

    fn decrypt(mut self, bytes: &mut [u8]) -> Result<(), BadCiphertext> {
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
        if !rest.is_empty() {
            return Err(BadCiphertext);
        }
        match &mut self {
            Self::Aes256Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Cbc(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128Ecb(cipher) => cipher.decrypt_blocks(blocks),
        }
        Ok(())
    }
}
