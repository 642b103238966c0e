//! The content key that a bad wrapped key is answered with.

use std::io;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::archive::Scheme;
use crate::envelope::ContentKey;

/// Invents content keys: the same one for the same question, as a good wrapped key has the same answer whenever it
/// is asked for. Whoever asks twice learns nothing by it. The secret lives as long as the agent: it outlasts a lock,
/// which changes no good answer either.
pub(super) struct InventedKeys(Zeroizing<[u8; 64]>);

impl InventedKeys {
    pub(super) fn new() -> io::Result<Self> {
        let mut secret = Zeroizing::new([0; 64]);
        getrandom::fill(secret.as_mut_slice()).map_err(io::Error::other)?;
        Ok(Self(secret))
    }

    /// The content key for a wrapped key that the result key of this public key, of `modulus_len` bytes, is asked
    /// to unwrap.
    pub(super) fn content_key(
        &self,
        public_key: &str,
        modulus_len: usize,
        scheme: Scheme,
        wrapped: &[u8],
    ) -> ContentKey {
        let mut hmac = Hmac::<Sha256>::new((&*self.0).into());
        for part in [public_key.as_bytes(), scheme.as_str().as_bytes(), wrapped] {
            hmac.update(&part.len().to_be_bytes());
            hmac.update(part);
        }
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(hmac.finalize().into_bytes().into());
        ContentKey::of_random(scheme, modulus_len, &bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_any_other_another() {
        let (one, other) = (InventedKeys::new().unwrap(), InventedKeys::new().unwrap());
        let key = |keys: &InventedKeys, public: &str, scheme, wrapped: &[u8]| {
            keys.content_key(public, 256, scheme, wrapped).into_bytes()
        };
        let wrapped = [7; 256];
        let answer = key(&one, "a", Scheme::Current, &wrapped);
        assert_eq!(answer, key(&one, "a", Scheme::Current, &wrapped));
        assert_eq!(answer.len(), 32);
        assert_eq!(key(&one, "a", Scheme::LegacyEcb, &wrapped).len(), 16);
        for another in [
            key(&one, "b", Scheme::Current, &wrapped),
            key(&one, "a", Scheme::Current, &[8; 256]),
            key(&other, "a", Scheme::Current, &wrapped),
        ] {
            assert_ne!(answer, another);
        }
        let of = |scheme| key(&one, "a", scheme, &wrapped);
        assert_ne!(of(Scheme::LegacyEcb), of(Scheme::Guide2019));
    }
}
