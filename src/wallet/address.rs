//! Ethereum addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};
use thiserror::Error;

use crate::text::hex;

const LENGTH: usize = 20;

/// An Ethereum address. Shown with `0x` and the EIP-55 checksum in its letter case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address([u8; LENGTH]);

/// Why a text is not a usable address. The text is never repeated: it might be a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Something else than hexadecimal digits.
    #[error(
        "not an Ethereum address: give `0x` and 40 hexadecimal digits (names like `alice.eth` are not looked up)"
    )]
    NotHexadecimal,
    /// Too short or too long.
    #[error(
        "not an Ethereum address: it has {digits} hexadecimal digits instead of 40; copy it again"
    )]
    Length {
        /// The number of digits.
        digits: usize,
    },
    /// The letter case does not fit the digits.
    #[error(
        "the address is mistyped: its upper and lower case letters do not fit its digits (EIP-55 checksum); copy it again from your wallet"
    )]
    Checksum,
    /// The zero address, which nobody owns.
    #[error(
        "the zero address belongs to nobody, so no result could be opened with its key; give your wallet's address"
    )]
    Zero,
}

impl Address {
    /// Nobody's address, which stands for none.
    pub const ZERO: Self = Self([0; LENGTH]);

    /// Whether it is nobody's.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Reads an address that a key is made or looked up for: any but the zero address.
    ///
    /// # Errors
    /// [`AddressError`], which never shows the text.
    pub fn parse_beneficiary(text: &str) -> Result<Self, AddressError> {
        match text.parse()? {
            Self([0, rest @ ..]) if rest == [0; LENGTH - 1] => Err(AddressError::Zero),
            address => Ok(address),
        }
    }

    /// The first 8 digits in lower case and without `0x`, for labels with little room.
    pub fn short(&self) -> String {
        self.digits()[..8].to_owned()
    }

    /// The address itself.
    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    fn digits(&self) -> String {
        hex::hex(&self.0)
    }

    /// The digits with the letter case that EIP-55 derives from their hash.
    fn checksummed_digits(&self) -> String {
        let digits = self.digits();
        let hash = Keccak256::digest(digits.as_bytes());
        let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let cased = digits
            .chars()
            .zip(nibbles)
            .map(|(digit, nibble)| match nibble {
                8.. => digit.to_ascii_uppercase(),
                _ => digit,
            });
        cased.collect()
    }
}

impl From<[u8; LENGTH]> for Address {
    fn from(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

/// Reads any address, `0x` being optional. Mixed letter case must be the EIP-55 checksum.
impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let digits = hex::without_prefix(text.as_bytes());
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(AddressError::NotHexadecimal);
        }
        let bytes = hex::array(digits).ok_or(AddressError::Length {
            digits: digits.len(),
        })?;
        let address = Self(bytes);
        if has_mixed_case(digits) && digits != address.checksummed_digits().as_bytes() {
            return Err(AddressError::Checksum);
        }
        Ok(address)
    }
}

fn has_mixed_case(digits: &[u8]) -> bool {
    let has = |is_case: fn(&u8) -> bool| digits.iter().any(is_case);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", self.checksummed_digits())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The test addresses that EIP-55 publishes.
    const EIP55: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn published_addresses_are_read_and_shown() {
        for text in EIP55 {
            let digits = &text[2..];
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            for other in [
                digits.to_owned(),
                digits.to_lowercase(),
                digits.to_uppercase(),
                format!("0X{}", digits.to_lowercase()),
            ] {
                assert_eq!(other.parse(), Ok(address), "{other}");
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_named() {
        for bad in [
            "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee",
            "5aaeB6053f3e94c9b9a09f33669435e7ef1beaed",
        ] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError::Checksum), "{bad}");
        }
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        let private_key = "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d";
        let error = private_key.parse::<Address>().unwrap_err();
        assert_eq!(error, AddressError::Length { digits: 64 });
        assert!(!error.to_string().contains("4f3e"));
        for bad in [
            "",
            "0x",
            "alice.eth",
            "undefined",
            "0x0x52908400098527886E0F7030069857D2E4169E",
            " 0x52908400098527886E0F7030069857D2E4169EE7",
            "0xé2908400098527886E0F7030069857D2E4169EE7",
        ] {
            assert_eq!(
                bad.parse::<Address>(),
                Err(AddressError::NotHexadecimal),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_zero_address_is_no_beneficiary() {
        let zero = "0x0000000000000000000000000000000000000000";
        assert_eq!(zero.parse(), Ok(Address([0; 20])));
        assert_eq!(Address::parse_beneficiary(zero), Err(AddressError::Zero));
        assert!(Address::parse_beneficiary(EIP55[0]).is_ok());
        assert!(Address::parse_beneficiary("0x0000000000000000000000000000000000000001").is_ok());
    }

    #[test]
    fn the_short_form_fits_a_label() {
        assert_eq!(EIP55[4].parse::<Address>().unwrap().short(), "5aaeb605");
    }
}
