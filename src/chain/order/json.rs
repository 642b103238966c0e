//! Orders in JSON, as the SDK writes them and the market has them.

use serde::Deserialize;

/// Bytes of the longest order that is read. Parameters are paid for by the byte.
const LONGEST: usize = 1 << 20;

/// Bytes of the longest signature that is taken. That of a key has 65; contracts may want more.
const LONGEST_SIGNATURE: usize = 8 << 10;

/// Why something is no order. The text is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderJsonError {
    /// Longer than any order.
    #[error("not an order: it has {length} bytes, and no order has more than {LONGEST}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// No JSON, or one that lacks something or has it in another form.
    #[error("not an order: {problem} (line {line}, column {column})")]
    Wrong {
        /// The fault.
        problem: String,
        /// The line, from 1.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
}

pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, OrderJsonError> {
    if json.len() > LONGEST {
        let length = json.len();
        return Err(OrderJsonError::TooLong { length });
    }
    serde_json::from_slice(json).map_err(|error| OrderJsonError::Wrong {
        problem: problem(&error),
        line: error.line(),
        column: error.column(),
    })
}

/// The fault without what was written there, which may be anything.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text {
        // Its own words, and those of this module, quote nothing but names of fields.
        text if text.starts_with("invalid type") || text.starts_with("invalid value") => {
            "a field has another form than it should".to_owned()
        }
        text => text.to_owned(),
    }
}

/// A whole number: the market writes it as such, the SDK as a text of decimal digits.
pub(super) mod number {
    use std::fmt;

    use alloy_primitives::U256;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub fn serialize<S: Serializer>(number: &U256, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<U256, D::Error> {
        from.deserialize_any(Number)
    }

    struct Number;

    impl Visitor<'_> for Number {
        type Value = U256;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<U256, E> {
            Ok(U256::from(number))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<U256, E> {
            let is_number = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
            let number = U256::from_str_radix(text, 10).ok();
            let number = number.filter(|_| is_number);
            number.ok_or_else(|| E::custom("a number is not one of decimal digits, or too large"))
        }
    }
}

/// The bytes of a signature, as `0x` and two digits for each.
pub(super) mod signature {
    use serde::de::{Deserializer, Error};
    use serde::ser::Serializer;
    use serde::{Deserialize, Serialize};

    use super::LONGEST_SIGNATURE;
    use crate::text::hex;

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        format!("0x{}", hex::hex(bytes)).serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x");
        let digits = digits.filter(|it| it.len() <= 2 * LONGEST_SIGNATURE);
        let bytes = digits.and_then(|it| hex::vec(it.as_bytes()));
        bytes.ok_or_else(|| D::Error::custom("the signature is not `0x` and hexadecimal digits"))
    }
}
