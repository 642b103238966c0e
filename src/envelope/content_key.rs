use aes::{Aes128, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockCipherDecrypt as _, BlockModeDecrypt as _, KeyInit as _, KeyIvInit as _};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::open::BLOCK;
use crate::archive::Scheme;

/// The one-time AES key of one archive, in the form that its scheme encrypts the body with.
///
/// Wiped when dropped; `Debug` shows the cipher and no key.
#[derive(ZeroizeOnDrop)]
pub enum ContentKey {
    /// IV + AES-256-CBC: today's archives, and those of 2019 for RSA-4096 keys.
    Aes256Cbc([u8; 32]),
    /// IV + AES-128-CBC: archives of 2019 for RSA-2048 keys.
    Aes128Cbc([u8; 16]),
    /// AES-128-ECB, no IV: post-compute before 9.0.0.
    Aes128Ecb([u8; 16]),
}

impl ContentKey {
    /// The content key in what the private-key operation returned; `None` when that cannot be
    /// one, which says no more than "this key does not open this archive".
    pub fn from_unwrapped(scheme: Scheme, unwrapped: &[u8]) -> Option<Self> {
        match scheme {
            Scheme::Current => unwrapped.try_into().ok().map(Self::Aes256Cbc),
            Scheme::LegacyEcb => {
                let key = Zeroizing::new(STANDARD.decode(unwrapped).ok()?);
                key.as_slice().try_into().ok().map(Self::Aes128Ecb)
            }
            Scheme::Guide2019 => match unwrapped.len() {
                16 => unwrapped.try_into().ok().map(Self::Aes128Cbc),
                _ => unwrapped.try_into().ok().map(Self::Aes256Cbc),
            },
        }
    }

    /// A fresh key, as the enclave draws it for a key of `modulus_len` bytes.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn random(scheme: Scheme, modulus_len: usize) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        let mut half = Zeroizing::new([0; 16]);
        half.copy_from_slice(&bytes[..16]);
        Ok(match scheme {
            Scheme::Current => Self::Aes256Cbc(*bytes),
            Scheme::LegacyEcb => Self::Aes128Ecb(*half),
            Scheme::Guide2019 if modulus_len <= 256 => Self::Aes128Cbc(*half),
            Scheme::Guide2019 => Self::Aes256Cbc(*bytes),
        })
    }

    /// The bytes that are wrapped with the public key: the inverse of [`Self::from_unwrapped`].
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Aes256Cbc(key) => key.to_vec(),
            Self::Aes128Cbc(key) => key.to_vec(),
            Self::Aes128Ecb(key) => STANDARD.encode(key).into_bytes(),
        })
    }

    /// A second copy, for a second pass over the body.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::Aes256Cbc(key) => Self::Aes256Cbc(*key),
            Self::Aes128Cbc(key) => Self::Aes128Cbc(*key),
            Self::Aes128Ecb(key) => Self::Aes128Ecb(*key),
        }
    }

    /// Whether the body, of which `head` is the beginning, would decrypt to a zip: one block is
    /// enough to tell the right key from any other but once in 2^31 times.
    pub fn fits(&self, head: &[u8]) -> bool {
        let (iv, mut first) = match self {
            Self::Aes128Ecb(_) if head.len() >= BLOCK => ([0; BLOCK], to_block(head)),
            Self::Aes128Ecb(_) => return false,
            _ if head.len() >= 2 * BLOCK => (to_block(head), to_block(&head[BLOCK..])),
            _ => return false,
        };
        match self {
            Self::Aes256Cbc(key) => cbc::Decryptor::<Aes256>::new(key.into(), (&iv).into())
                .decrypt_block((&mut first).into()),
            Self::Aes128Cbc(key) => cbc::Decryptor::<Aes128>::new(key.into(), (&iv).into())
                .decrypt_block((&mut first).into()),
            Self::Aes128Ecb(key) => Aes128::new(key.into()).decrypt_block((&mut first).into()),
        }
        let is_zip = first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06");
        first.zeroize();
        is_zip
    }
}

/// The first block of `bytes`, which is at least one block long.
fn to_block(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block.copy_from_slice(&bytes[..BLOCK]);
    block
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Aes256Cbc(_) => "ContentKey(AES-256-CBC)",
            Self::Aes128Cbc(_) => "ContentKey(AES-128-CBC)",
            Self::Aes128Ecb(_) => "ContentKey(AES-128-ECB)",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn takes_only_the_length_of_its_scheme() {
        let of = |scheme, len: usize| ContentKey::from_unwrapped(scheme, &vec![7; len]).is_some();
        for len in 0..=64 {
            assert_eq!(of(Scheme::Current, len), len == 32, "{len}");
            assert_eq!(of(Scheme::Guide2019, len), len == 16 || len == 32, "{len}");
            assert!(
                !of(Scheme::LegacyEcb, len),
                "{len} bytes that are no base64"
            );
        }
        let text = STANDARD.encode([7; 16]);
        assert!(ContentKey::from_unwrapped(Scheme::LegacyEcb, text.as_bytes()).is_some());
        let long = STANDARD.encode([7; 32]);
        assert!(ContentKey::from_unwrapped(Scheme::LegacyEcb, long.as_bytes()).is_none());
    }

    #[test]
    fn what_is_wrapped_comes_back() {
        for (scheme, modulus) in [
            (Scheme::Current, 512),
            (Scheme::LegacyEcb, 512),
            (Scheme::Guide2019, 256),
            (Scheme::Guide2019, 512),
        ] {
            let wrapped = ContentKey::random(scheme, modulus).unwrap().to_wrap();
            let again = ContentKey::from_unwrapped(scheme, &wrapped).unwrap();
            assert_eq!(again.to_wrap(), wrapped);
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", ContentKey::Aes256Cbc([0x41; 32]));
        assert_eq!(shown, "ContentKey(AES-256-CBC)");
    }
}
