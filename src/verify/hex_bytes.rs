use serde::{Deserialize, Serialize};

use crate::text::hex;

/// Bytes that are written as `0x` and hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexBytes(pub Vec<u8>);

/// Not `0x` and an even number of hexadecimal digits.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not `0x` and an even number of hexadecimal digits")]
pub struct NotHexadecimal;

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        format!("0x{}", hex::hex(&bytes.0))
    }
}

impl TryFrom<String> for HexBytes {
    type Error = NotHexadecimal;

    fn try_from(text: String) -> Result<Self, NotHexadecimal> {
        let digits = text.strip_prefix("0x").ok_or(NotHexadecimal)?;
        hex::vec(digits.as_bytes()).map(Self).ok_or(NotHexadecimal)
    }
}
