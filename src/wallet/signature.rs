//! Ethereum signatures.

use std::fmt;
use std::str::FromStr;

use k256::ecdsa::{self, RecoveryId, VerifyingKey};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::address::Address;
use super::public_key::address_of;
use crate::text::hex;

const LENGTH: usize = 65;

/// The number that is added to the parity of the curve point that a signature hides.
const V: u8 = 27;

/// A recoverable signature with its `s` in the lower half, as Ethereum takes it.
///
/// Whoever holds one can show it again, so it is wiped when dropped and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
    v: u8,
}

/// Why a text is no signature, or none of anybody. The text is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Something else than `0x` and hexadecimal digits.
    #[error("not a signature: give `0x` and 130 hexadecimal digits, as `personal_sign` returns it")]
    NotHexadecimal,
    /// Too short or too long.
    #[error(
        "not a signature: it has {digits} hexadecimal digits instead of 130; copy all of it, in the form r, s, v"
    )]
    Length {
        /// The number of digits.
        digits: usize,
    },
    /// The signature does not end in 27 or 28.
    #[error(
        "the signature ends in {0} instead of 27 or 28 (1b or 1c); if your wallet ends it in 0 or 1, add 27"
    )]
    V(u8),
    /// One of its numbers is zero or not below the order of the curve.
    #[error("not a signature: its numbers are out of range; copy it again from the wallet")]
    Range,
    /// The `s` is in the upper half.
    #[error(
        "the signature has a high s, which Ethereum does not take; sign with an Ethereum wallet, or turn s into the order of the curve minus s and the end 1b into 1c or 1c into 1b"
    )]
    HighS,
    /// The signature belongs to no key at all.
    #[error("the signature does not match this message; sign the message again")]
    Nobodys,
}

impl Signature {
    /// The x coordinate of the hidden point.
    pub fn r(&self) -> &[u8; 32] {
        &self.r
    }

    /// The proof; never in the upper half of its range.
    pub fn s(&self) -> &[u8; 32] {
        &self.s
    }

    /// 27, or 28 where the hidden point's y is odd.
    pub fn v(&self) -> u8 {
        self.v
    }

    /// Whether the hidden point's y is odd, as typed transactions have it.
    pub fn y_is_odd(&self) -> bool {
        self.v != V
    }

    /// `r`, `s` and `v`.
    pub fn to_bytes(&self) -> Zeroizing<[u8; LENGTH]> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..64].copy_from_slice(&self.s);
        bytes[64] = self.v;
        bytes
    }

    /// The text that [`fmt::Display`] shows, in memory that is wiped.
    pub fn to_text(&self) -> Zeroizing<String> {
        use fmt::Write as _;
        // With all the room it needs, the text never moves and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(2 + 2 * LENGTH));
        // Writing to memory does not fail.
        let _ = write!(text, "{self}");
        text
    }

    /// The address that signed `digest`.
    ///
    /// # Errors
    /// [`SignatureError::Nobodys`] when no key can have made this signature.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<Address, SignatureError> {
        let signature = self.numbers()?;
        let id = RecoveryId::new(self.y_is_odd(), false);
        VerifyingKey::recover_from_prehash(digest, &signature, id)
            .map(|key| address_of(&key))
            .map_err(|_| SignatureError::Nobodys)
    }

    /// The signature that `r` and `s` make for `digest` under `key`, with the lower of the two
    /// possible `s`; `None` when they are no signature of that key.
    pub(crate) fn of_key(
        numbers: &[u8; 64],
        digest: &[u8; 32],
        key: &VerifyingKey,
    ) -> Option<Self> {
        let numbers = ecdsa::Signature::from_slice(numbers).ok()?.normalize_s();
        [false, true].into_iter().find_map(|odd| {
            let id = RecoveryId::new(odd, false);
            let signer = VerifyingKey::recover_from_prehash(digest, &numbers, id);
            (signer.ok()? == *key).then(|| Self::new(&numbers, odd))
        })
    }

    /// The signature of a signer that knows the point it hides; `None` for the points, too rare to
    /// be met, that `v` cannot tell apart.
    pub(super) fn recoverable(numbers: &ecdsa::Signature, id: RecoveryId) -> Option<Self> {
        let low = numbers.normalize_s();
        let odd = id.is_y_odd() != (low != *numbers);
        (!id.is_x_reduced()).then(|| Self::new(&low, odd))
    }

    fn new(numbers: &ecdsa::Signature, odd: bool) -> Self {
        let (r, s) = numbers.split_bytes();
        Self {
            r: r.into(),
            s: s.into(),
            v: V + u8::from(odd),
        }
    }

    fn numbers(&self) -> Result<ecdsa::Signature, SignatureError> {
        ecdsa::Signature::from_scalars(self.r, self.s).map_err(|_| SignatureError::Range)
    }
}

/// `0x`, and `r`, `s` and `v` in 130 lower-case digits.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:x}", hex::HexDisplay(&*self.to_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// Reads what [`fmt::Display`] shows; digits may be of either letter case.
impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let digits = hex::without_prefix(text.as_bytes());
        let prefixed = digits.len() < text.len();
        if !prefixed || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(SignatureError::NotHexadecimal);
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        hex::fill(bytes.as_mut_slice(), digits).ok_or(SignatureError::Length {
            digits: digits.len(),
        })?;
        let v = bytes[LENGTH - 1];
        if !(V..=V + 1).contains(&v) {
            return Err(SignatureError::V(v));
        }
        let numbers = ecdsa::Signature::from_slice(&bytes[..LENGTH - 1])
            .map_err(|_| SignatureError::Range)?;
        if numbers.normalize_s() != numbers {
            return Err(SignatureError::HighS);
        }
        Ok(Self::new(&numbers, v != V))
    }
}

#[cfg(test)]
mod tests;
