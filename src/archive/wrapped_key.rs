//! The wrapped key: its form decides the scheme.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ArchiveError;
use super::layout::{Pair, Scheme};

/// The content key, still encrypted with the public key of a beneficiary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    scheme: Scheme,
    ciphertext: Vec<u8>,
}

impl WrappedKey {
    /// Returns how the key is wrapped.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the RSA ciphertext, as long as the modulus; any base64 is already taken off.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// Whether an RSA ciphertext of `len` bytes can be that of an archive: from RSA-1024 to
    /// RSA-16384, in the steps that keys are made in.
    pub(crate) fn may_have_length(len: usize) -> bool {
        (128..=2048).contains(&len) && len.is_multiple_of(8)
    }

    /// Tells the form of an entry's bytes.
    ///
    /// 512 bytes are both a raw RSA-4096 ciphertext and the base64 of an RSA-3072 one. The alphabet
    /// decides: that 512 random bytes are all base64 characters happens once in 2^1024.
    pub(super) fn parse(entry: Vec<u8>, pair: Pair) -> Result<Self, ArchiveError> {
        if pair.oaep {
            return Self::raw(entry, Scheme::Guide2019);
        }
        match decode_base64(&entry).filter(|decoded| Self::may_have_length(decoded.len())) {
            Some(ciphertext) => Ok(Self {
                scheme: Scheme::LegacyEcb,
                ciphertext,
            }),
            None => Self::raw(entry, Scheme::Current),
        }
    }

    fn raw(ciphertext: Vec<u8>, scheme: Scheme) -> Result<Self, ArchiveError> {
        if !Self::may_have_length(ciphertext.len()) {
            return Err(ArchiveError::WrappedKeyLength {
                len: ciphertext.len() as u64,
            });
        }
        Ok(Self { scheme, ciphertext })
    }
}

fn decode_base64(entry: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = entry
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::super::layout::FROM_ROOT;
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 151 % 256) as u8).collect()
    }

    #[test]
    fn raw_bytes_are_current() {
        for len in [128, 256, 384, 512, 1024, 2048] {
            let key = WrappedKey::parse(noise(len), FROM_ROOT[0]).unwrap();
            assert_eq!(key.scheme(), Scheme::Current);
            assert_eq!(key.ciphertext(), noise(len));
        }
    }

    #[test]
    fn base64_is_legacy_even_at_the_length_of_a_raw_key() {
        let text = STANDARD.encode(noise(384));
        assert_eq!(text.len(), 512);
        let key = WrappedKey::parse(text.into_bytes(), FROM_ROOT[0]).unwrap();
        assert_eq!(key.scheme(), Scheme::LegacyEcb);
        assert_eq!(key.ciphertext(), noise(384));
    }

    #[test]
    fn whitespace_in_base64_is_ignored() {
        let mut text = STANDARD.encode(noise(512));
        assert_eq!(text.len(), 684);
        text.insert_str(64, "\r\n ");
        text.push('\n');
        let key = WrappedKey::parse(text.into_bytes(), FROM_ROOT[1]).unwrap();
        assert_eq!(key.scheme(), Scheme::LegacyEcb);
        assert_eq!(key.ciphertext(), noise(512));
    }

    #[test]
    fn the_oaep_name_takes_raw_bytes_only() {
        let key = WrappedKey::parse(noise(256), FROM_ROOT[2]).unwrap();
        assert_eq!(key.scheme(), Scheme::Guide2019);
        let text = STANDARD.encode(noise(512)).into_bytes();
        let error = WrappedKey::parse(text, FROM_ROOT[2]).unwrap_err();
        assert!(matches!(error, ArchiveError::WrappedKeyLength { len: 684 }));
    }

    #[test]
    fn impossible_lengths_are_refused() {
        for len in [0, 1, 120, 127, 129, 511, 513, 2056, 4096] {
            let error = WrappedKey::parse(noise(len), FROM_ROOT[0]).unwrap_err();
            assert!(matches!(error, ArchiveError::WrappedKeyLength { .. }));
        }
    }
}
