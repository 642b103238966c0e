//! An object in a keystore. As ethers does, this takes names in any letter case, and numbers as texts.

use serde_json::{Map, Value};

use super::error::KeystoreError;

pub(super) struct Node<'a>(&'a Map<String, Value>);

impl<'a> Node<'a> {
    /// The object that is the value of `name`.
    pub(super) fn new(name: &'static str, value: &'a Value) -> Result<Self, KeystoreError> {
        let fields = value.as_object().ok_or(KeystoreError::Field(name))?;
        Ok(Self(fields))
    }

    /// The value of a field, which is there once, or several times with one value.
    fn value(&self, name: &'static str) -> Result<&'a Value, KeystoreError> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
            .map(|(_, value)| value);
        let value = values.next().ok_or(KeystoreError::Field(name))?;
        match values.all(|other| other == value) {
            true => Ok(value),
            false => Err(KeystoreError::Twice(name)),
        }
    }

    pub(super) fn object(&self, name: &'static str) -> Result<Self, KeystoreError> {
        Self::new(name, self.value(name)?)
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, KeystoreError> {
        self.value(name)?.as_str().ok_or(KeystoreError::Field(name))
    }

    /// A number above zero.
    pub(super) fn number(&self, name: &'static str) -> Result<u64, KeystoreError> {
        number(self.value(name)?)
            .filter(|number| *number > 0)
            .ok_or(KeystoreError::Field(name))
    }
}

/// A whole number, or the decimal digits of one.
pub(super) fn number(value: &Value) -> Option<u64> {
    // The largest one that JavaScript has no second spelling for.
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    match value {
        Value::String(digits) if digits.bytes().all(|it| it.is_ascii_digit()) => {
            digits.parse().ok()
        }
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            let is_whole = float.fract() == 0.0 && (0.0..=LARGEST).contains(&float);
            is_whole.then_some(float as u64)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_whole_and_may_be_texts() {
        for (value, expected) in [
            (json!(262_144), Some(262_144)),
            (json!("262144"), Some(262_144)),
            (json!(8.0), Some(8)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(8.5), None),
            (json!(-8), None),
            (json!(1e300), None),
            (json!("8.0"), None),
            (json!("0x8"), None),
            (json!("-8"), None),
            (json!(""), None),
            (json!([8]), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
    }
}
