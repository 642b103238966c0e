use std::fmt;
use std::str::FromStr;

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use serde::{Deserialize, Serialize};

use crate::text::hex;

/// The id of a task or a deal, or another number of 32 bytes: a hash, a digest, a tag. Shown with `0x` and lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id([u8; 32]);

/// Why a text is not the id of a task or a deal. The text is never repeated: it might be a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Something else than `0x` and hexadecimal digits.
    #[error("not an id: give `0x` and 64 hexadecimal digits")]
    NotHexadecimal,
    /// As long as an address.
    #[error("this is an address, not an id: ids have `0x` and 64 hexadecimal digits")]
    Address,
    /// Too short or too long.
    #[error("not an id: it has {digits} hexadecimal digits instead of 64; copy it again")]
    Length {
        /// The number of digits.
        digits: usize,
    },
}

impl Id {
    /// Nothing: the id of no task and no deal.
    pub const ZERO: Self = Self([0; 32]);

    /// The id of the deal that the request with this hash makes when so many of its tasks are in deals already.
    pub fn deal(&self, first_task: U256) -> Self {
        // A deal has its id of its request as a task has it of its deal.
        self.task(first_task)
    }

    /// The id of the task with this number of the deal that this is the id of.
    pub fn task(&self, index: U256) -> Self {
        let packed = (B256::from(self.0), index).abi_encode_packed();
        keccak256(packed).into()
    }

    /// The id itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<B256> for Id {
    fn from(bytes: B256) -> Self {
        Self(bytes.0)
    }
}

impl From<Id> for B256 {
    fn from(id: Id) -> Self {
        id.0.into()
    }
}

impl From<[u8; 32]> for Id {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let digits = digits.ok_or(IdError::NotHexadecimal)?;
        if !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Err(IdError::NotHexadecimal);
        }
        match digits.len() {
            40 => Err(IdError::Address),
            digits if digits != 64 => Err(IdError::Length { digits }),
            _ => hex::array(digits.as_bytes())
                .map(Self)
                .ok_or(IdError::NotHexadecimal),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::hex(&self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_its_id_of_its_deal() {
        let deal: Id = format!("0x{}", "dd".repeat(32)).parse().unwrap();
        assert_eq!(
            deal.task(U256::ZERO).to_string(),
            "0x19cd2c27b3c0e0aa34c97cfe2df53ff39699a5ce206fe4424e7b83a5658f86c7"
        );
    }

    #[test]
    fn what_is_no_id_is_named() {
        let id = format!("0x{}", "aB".repeat(32));
        let read: Id = id.parse().unwrap();
        assert_eq!(read.to_string(), id.to_lowercase());
        let parse = |text: &str| text.parse::<Id>();
        assert_eq!(parse(&"ab".repeat(32)), Err(IdError::NotHexadecimal));
        assert_eq!(
            parse(&format!("0x{}", "ab".repeat(20))),
            Err(IdError::Address)
        );
        assert_eq!(parse("0xab"), Err(IdError::Length { digits: 2 }));
        assert_eq!(
            parse(&format!("0x{}", "zz".repeat(32))),
            Err(IdError::NotHexadecimal)
        );
    }
}
