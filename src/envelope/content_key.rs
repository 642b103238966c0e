use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

use super::cipher::{BLOCK, BadCiphertext, BodyCipher};
use crate::archive::Scheme;
use crate::locked::Locked;

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no randomness from the operating system: {0}")]
pub struct NoRandomness(#[source] pub(crate) getrandom::Error);

/// Fills `bytes` with random ones.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(NoRandomness)
}

/// The one-time AES key of one archive. It stays where it is, in locked memory, and is wiped when dropped;
/// `Debug` shows the cipher alone.
pub struct ContentKey {
    cipher: BodyCipher,
    bytes: Locked,
}

impl ContentKey {
    /// Takes the content key out of the answer of the private-key operation; `None` where there is
    /// none, which says no more than "this key does not open this archive".
    pub fn from_unwrapped(scheme: Scheme, unwrapped: Zeroizing<Vec<u8>>) -> Option<Self> {
        let (cipher, bytes) = match (scheme, unwrapped.len()) {
            (Scheme::Current, 32) | (Scheme::Guide2019, 32) => (BodyCipher::Aes256Cbc, unwrapped),
            (Scheme::Guide2019, 16) => (BodyCipher::Aes128Cbc, unwrapped),
            (Scheme::LegacyEcb, _) => {
                let bytes = Zeroizing::new(STANDARD.decode(&*unwrapped).ok()?);
                (
                    BodyCipher::Aes128Ecb,
                    Some(bytes).filter(|bytes| bytes.len() == 16)?,
                )
            }
            _ => return None,
        };
        let bytes = bytes.into();
        Some(Self { cipher, bytes })
    }

    /// Draws a fresh key, as the enclave draws it for a key of `modulus_len` bytes.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn random(scheme: Scheme, modulus_len: usize) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut_slice())?;
        Ok(Self::of_random(scheme, modulus_len, &bytes))
    }

    /// Makes such a key of random bytes.
    pub(crate) fn of_random(scheme: Scheme, modulus_len: usize, random: &[u8; 32]) -> Self {
        let (cipher, len) = match scheme {
            Scheme::LegacyEcb => (BodyCipher::Aes128Ecb, 16),
            Scheme::Guide2019 if modulus_len <= 256 => (BodyCipher::Aes128Cbc, 16),
            Scheme::Current | Scheme::Guide2019 => (BodyCipher::Aes256Cbc, 32),
        };
        let bytes = Locked::new(&random[..len]);
        Self { cipher, bytes }
    }

    #[cfg(test)]
    pub fn cipher(&self) -> BodyCipher {
        self.cipher
    }

    /// Bytes of IV before the first encrypted block.
    pub fn iv_len(&self) -> usize {
        self.cipher.iv_len()
    }

    /// Decrypts whole blocks of a body in place, of which `before` is the encrypted block before
    /// them, or the IV.
    pub fn decrypt(&self, before: &[u8; BLOCK], bytes: &mut [u8]) -> Result<(), BadCiphertext> {
        self.cipher.decrypt(&self.bytes, before, bytes)
    }

    /// Encrypts whole blocks of a result in place: the inverse of [`Self::decrypt`].
    pub fn encrypt(&self, before: &[u8; BLOCK], bytes: &mut [u8]) -> io::Result<()> {
        self.cipher
            .encrypt(&self.bytes, before, bytes)
            .map_err(io::Error::other)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the key itself.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.bytes.to_vec())
    }

    /// Returns the bytes that are wrapped with the public key: the inverse of [`Self::from_unwrapped`].
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self.cipher {
            BodyCipher::Aes256Cbc | BodyCipher::Aes128Cbc => self.bytes.to_vec(),
            BodyCipher::Aes128Ecb => STANDARD.encode(&*self.bytes).into_bytes(),
        })
    }

    /// Whether the body, of which `head` is the beginning, would decrypt to a zip: one block is
    /// enough to tell the right key from any other but once in 2^31 times.
    pub fn fits(&self, head: &[u8]) -> bool {
        self.first_block(head).is_some_and(|mut first| {
            let is_zip = first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06");
            first.zeroize();
            is_zip
        })
    }

    /// Decrypts the first block of the body; `None` when `head` is too short to have one.
    fn first_block(&self, head: &[u8]) -> Option<[u8; BLOCK]> {
        let (iv, rest) = head.split_at_checked(self.iv_len())?;
        let iv = iv.first_chunk().unwrap_or(&[0; BLOCK]);
        let mut block = *rest.first_chunk()?;
        self.decrypt(iv, &mut block).ok()?;
        Some(block)
    }
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContentKey({:?})", self.cipher)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn unwrapped(scheme: Scheme, bytes: &[u8]) -> Option<ContentKey> {
        ContentKey::from_unwrapped(scheme, Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn takes_only_the_length_of_its_scheme() {
        for len in 0..=64 {
            let of = |scheme| unwrapped(scheme, &vec![7; len]).is_some();
            assert_eq!(of(Scheme::Current), len == 32, "{len}");
            assert_eq!(of(Scheme::Guide2019), len == 16 || len == 32, "{len}");
            assert!(!of(Scheme::LegacyEcb), "{len} bytes that are no base64");
        }
        let base64 = |len| STANDARD.encode(vec![7; len]).into_bytes();
        for len in 0..=64 {
            let is_key = unwrapped(Scheme::LegacyEcb, &base64(len)).is_some();
            assert_eq!(is_key, len == 16, "base64 of {len} bytes");
        }
    }

    #[test]
    fn what_is_wrapped_comes_back() {
        for (scheme, modulus) in [
            (Scheme::Current, 512),
            (Scheme::LegacyEcb, 512),
            (Scheme::Guide2019, 256),
            (Scheme::Guide2019, 512),
        ] {
            let key = ContentKey::random(scheme, modulus).unwrap();
            let again = unwrapped(scheme, &key.to_wrap()).unwrap();
            assert_eq!((again.cipher(), again.bytes()), (key.cipher(), key.bytes()));
            assert_eq!(again.into_bytes().as_slice(), key.bytes());
        }
    }

    #[test]
    fn a_fresh_key_is_of_the_kind_that_the_enclave_draws() {
        for (scheme, modulus, cipher, len) in [
            (Scheme::Current, 256, BodyCipher::Aes256Cbc, 32),
            (Scheme::LegacyEcb, 512, BodyCipher::Aes128Ecb, 16),
            (Scheme::Guide2019, 256, BodyCipher::Aes128Cbc, 16),
            (Scheme::Guide2019, 257, BodyCipher::Aes256Cbc, 32),
        ] {
            let key = ContentKey::random(scheme, modulus).unwrap();
            assert_eq!((key.cipher(), key.bytes().len()), (cipher, len));
            assert_ne!(
                key.bytes(),
                ContentKey::random(scheme, modulus).unwrap().bytes()
            );
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = unwrapped(Scheme::Current, &[0x41; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "ContentKey(Aes256Cbc)");
    }
}
