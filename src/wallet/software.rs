//! Private keys in memory.

use std::fmt;

use k256::ecdsa::SigningKey;
use thiserror::Error;
use zeroize::Zeroizing;

use super::address::Address;
use super::public_key::address_of;
use super::sign::{Wallet, WalletError};
use super::signature::Signature;
use crate::locked::Locked;
use crate::text::encoding::without_mark;
use crate::text::hex;

/// A wallet whose private key is in this process, in locked memory. Wiped when dropped, and `Debug` shows its
/// address only.
pub struct SoftwareWallet {
    key: Locked,
    address: Address,
}

/// Why something is no private key. It is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// Something else than hexadecimal digits.
    #[error("not a private key: give 64 hexadecimal digits, with or without `0x`")]
    NotHexadecimal,
    /// Too short or too long.
    #[error(
        "not a private key: it has {digits} hexadecimal digits instead of 64; copy it again, with its leading zeros"
    )]
    Length {
        /// The number of digits.
        digits: usize,
    },
    /// Zero, or not below the order of the curve.
    #[error("no wallet has this private key: it is out of range; copy it again")]
    Range,
}

impl SoftwareWallet {
    /// The wallet of a private key.
    ///
    /// # Errors
    /// [`PrivateKeyError::Range`] when the number is zero or too large.
    pub fn from_bytes(key: &[u8; 32]) -> Result<Self, PrivateKeyError> {
        let signing = SigningKey::from_slice(key).map_err(|_| PrivateKeyError::Range)?;
        Ok(Self {
            key: Locked::new(key),
            address: address_of(signing.verifying_key()),
        })
    }

    /// The wallet of a private key as text: 64 hexadecimal digits, `0x` being optional. White
    /// space around it is no part of it, nor is a byte order mark in front.
    ///
    /// # Errors
    /// When it is anything else, or out of range.
    pub fn from_text(text: &[u8]) -> Result<Self, PrivateKeyError> {
        let digits = hex::without_prefix(without_mark(text).trim_ascii());
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(PrivateKeyError::NotHexadecimal);
        }
        let mut key = Zeroizing::new([0; 32]);
        hex::fill(key.as_mut_slice(), digits).ok_or(PrivateKeyError::Length {
            digits: digits.len(),
        })?;
        Self::from_bytes(&key)
    }
}

impl Wallet for SoftwareWallet {
    fn address(&self) -> Address {
        self.address
    }

    /// Makes the same signature for the same hash, every time (RFC 6979).
    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<Signature, WalletError> {
        let foreign = || WalletError::Foreign(self.address);
        // Outside of locked memory for this use alone.
        let key = SigningKey::from_slice(&self.key).map_err(|_| foreign())?;
        let (numbers, id) = key.sign_prehash_recoverable(digest);
        Signature::recoverable(&numbers, id).ok_or_else(foreign)
    }
}

impl fmt::Debug for SoftwareWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareWallet({})", self.address)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::eip191::eip191_digest;
    use super::*;

    const ONE: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const BELOW_ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";

    fn wallet(text: &str) -> Result<SoftwareWallet, PrivateKeyError> {
        SoftwareWallet::from_text(text.as_bytes())
    }

    /// Challenges of iExec's Secret Management Service, and what its own SDK signed.
    const SIGNED: [(&str, &str); 2] = [
        (
            "782535bbdb97367002987e0aedf02813a27c5cc280758a22156e015bc01c0402",
            "0xd86126491de4dfec85e49a54b942941e0efbbc2cdc6042dff13cf675f2b232a2124d1a1cbacd2bc4491bb1b8b29dbee8c021f08e8c213d75612e0abe08eb0be11b",
        ),
        (
            "09ce3b98036714f801c91b88c8a145a1e60673e69a75c6e9e6f49a949a81b5af",
            "0xc5cf3b884b6a45b5099439f9d4186bc8c564ec50e19f06170d922d5b21843d1731c25774b59196bd0b9aade8dcdda1f7141d000fbf34129cb59106b356d17e821c",
        ),
    ];

    #[test]
    fn it_signs_as_the_sdk_does() {
        let mut wallet = wallet(ONE).unwrap();
        assert_eq!(
            wallet.address().to_string(),
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
        );
        for (challenge, expected) in SIGNED {
            let challenge = hex::array(challenge.as_bytes()).unwrap();
            let signature = wallet.sign_message32(&challenge).unwrap();
            assert_eq!(signature.to_string(), expected);
            let signer = signature.recover(&eip191_digest(&challenge));
            assert_eq!(signer, Ok(wallet.address()));
        }
    }

    #[test]
    fn every_signature_has_a_low_s_and_leads_back() {
        let mut wallet = wallet(BELOW_ORDER).unwrap();
        for byte in 0..=255 {
            let signature = wallet.sign_digest(&[byte; 32]).unwrap();
            assert!(signature.s()[0] < 0x80);
            assert_eq!(signature.to_string().parse(), Ok(signature.clone()));
            assert_eq!(signature.recover(&[byte; 32]), Ok(wallet.address()));
        }
    }

    #[test]
    fn the_prefix_is_optional_and_white_space_around_is_none_of_it() {
        let address = wallet(ONE).unwrap().address();
        let upper_prefix = format!("0X{}", &ONE[2..]);
        for text in [
            &ONE[2..],
            &format!(" {ONE}\r\n"),
            &upper_prefix,
            &format!("\u{feff}{ONE}"),
        ] {
            assert_eq!(wallet(text).unwrap().address(), address);
        }
        assert!(wallet(&BELOW_ORDER.to_uppercase()).is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let zero = "0".repeat(64);
        let refused = |text: &str| wallet(text).unwrap_err();
        for bad in [&zero, ORDER, &"f".repeat(64)] {
            assert_eq!(refused(bad), PrivateKeyError::Range);
        }
        for bad in ["", "0x", "correct horse", "0x0x01", "é"] {
            assert_eq!(refused(bad), PrivateKeyError::NotHexadecimal);
        }
        for digits in [1, 63, 65] {
            let error = refused(&"7".repeat(digits));
            assert_eq!(error, PrivateKeyError::Length { digits });
            assert!(!error.to_string().contains("77"));
        }
    }

    #[test]
    fn nothing_of_the_key_is_shown() {
        let wallet = wallet(BELOW_ORDER).unwrap();
        assert_eq!(
            format!("{wallet:?}"),
            format!("SoftwareWallet({})", wallet.address())
        );
    }
}
