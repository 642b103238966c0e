use std::fmt;

use serde_json::Value;

/// A key of `chain.json` that means nothing. The SDK refuses the whole file for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownKey {
    /// The place of the key, as in `chains.bellecour.smsUrl`.
    pub key: String,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unknown key in \"chain.json\": {} is ignored; correct or remove it, the iExec SDK would refuse the file",
            self.key
        )
    }
}

/// A value of the file that is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) key: String,
    pub(super) problem: String,
}

/// A value of the file that knows where it is.
pub(super) struct Node<'a> {
    /// The keys on the way to it; empty for the whole file.
    key: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        let key = String::new();
        Self { key, value }
    }

    /// The keys of an object and what they hold.
    pub(super) fn object(&self) -> Result<Vec<(&'a str, Self)>, Wrong> {
        let object = self.value.as_object();
        let object = object.ok_or_else(|| self.wrong_kind("an object"))?;
        let child = |(key, value): (&'a String, &'a Value)| {
            let key = key.as_str();
            (key, self.child(key, value))
        };
        Ok(object.iter().map(child).collect())
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.is_object()
    }

    pub(super) fn is_null(&self) -> bool {
        self.value.is_null()
    }

    pub(super) fn text(&self) -> Result<&'a str, Wrong> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.wrong_kind("a string"))
    }

    pub(super) fn flag(&self) -> Result<bool, Wrong> {
        let flag = self.value.as_bool();
        flag.ok_or_else(|| self.wrong_kind("true or false"))
    }

    pub(super) fn number(&self) -> Result<(), Wrong> {
        let is_number = self.value.is_number();
        is_number
            .then_some(())
            .ok_or_else(|| self.wrong_kind("a number"))
    }

    pub(super) fn unknown(self) -> UnknownKey {
        UnknownKey { key: self.key }
    }

    /// The value's own text is never repeated: a URL may hold a password.
    pub(super) fn wrong(&self, problem: impl Into<String>) -> Wrong {
        let top = "its top level".to_owned();
        Wrong {
            key: Some(self.key.clone())
                .filter(|key| !key.is_empty())
                .unwrap_or(top),
            problem: problem.into(),
        }
    }

    fn wrong_kind(&self, wanted: &str) -> Wrong {
        let kind = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        let quotes = match self.value {
            Value::Number(number) if wanted == "a string" => format!(" (write \"{number}\")"),
            _ => String::new(),
        };
        self.wrong(format!("{wanted} is needed there, not {kind}{quotes}"))
    }

    fn child(&self, name: &str, value: &'a Value) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_plain = !name.is_empty() && name.bytes().all(is_plain);
        let key = match self.key.as_str() {
            "" if is_plain => name.to_owned(),
            above if is_plain => format!("{above}.{name}"),
            above => format!("{above}[{name:?}]"),
        };
        Self { key, value }
    }
}
