//! The fields of a wallet file that count. As ethers does, this takes their names in any letter case.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::address::{Address, AddressError};
use super::error::ContentError;

/// The content of a wallet file. A field that is `null` is not there.
#[derive(Default)]
pub(super) struct Content<'a> {
    pub(super) version: Option<Value>,
    pub(super) crypto: Option<Value>,
    address: Option<String>,
    private_key: Option<&'a RawValue>,
    fault: Option<(&'static str, &'static str)>,
}

impl<'a> Content<'a> {
    /// Reads the content of the file at `path`.
    pub(super) fn parse(path: &Path, text: &'a [u8]) -> Result<Self, ContentError> {
        let path = || path.to_owned();
        let content: Self =
            serde_json::from_slice(text).map_err(|error| match error.classify() {
                Category::Data => ContentError::NotAnObject { path: path() },
                // The parser's own message may quote the file.
                _ => ContentError::Json {
                    path: path(),
                    line: error.line(),
                    column: error.column(),
                },
            })?;
        match content.fault {
            Some((field, problem)) => Err(ContentError::Field {
                path: path(),
                field,
                problem,
            }),
            None => Ok(content),
        }
    }

    /// The address that it names. Letter case says nothing here: whoever unlocks the wallet holds
    /// its key against the address.
    pub(super) fn address(&self) -> Result<Option<Address>, AddressError> {
        let named = self.address.as_deref().filter(|text| !text.is_empty());
        named
            .map(|text| Address::parse_beneficiary(&text.to_lowercase()))
            .transpose()
    }

    /// The private key that nothing protects.
    pub(super) fn private_key(&self) -> Option<Zeroizing<String>> {
        let text = self.private_key?;
        serde_json::from_str(text.get()).ok().map(Zeroizing::new)
    }

    /// Takes a field that was read; `false` where it is there already and says something else.
    fn take<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
        let is_new = place.as_ref().is_none_or(|before| *before == value);
        *place = Some(value);
        is_new
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content<'de>, A::Error> {
        const TWICE: &str = "is there twice, and not the same";
        const NO_TEXT: &str = "is no text";
        let mut content = Content::default();
        while let Some(name) = map.next_key::<String>()? {
            let field = ["version", "crypto", "address", "privateKey"]
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(&name));
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &RawValue = map.next_value()?;
            if raw.get() == "null" {
                continue;
            }
            let is_text = raw.get().starts_with('"');
            let value = || serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
            let is_new = match field {
                "version" => Content::take(&mut content.version, value()),
                "crypto" => Content::take(&mut content.crypto, value()),
                _ if !is_text => {
                    content.fault = Some((field, NO_TEXT));
                    continue;
                }
                "address" => {
                    let address = value().as_str().unwrap_or_default().to_owned();
                    Content::take(&mut content.address, address)
                }
                _ => {
                    let before = content.private_key.replace(raw);
                    before.is_none_or(|before| before.get() == raw.get())
                }
            };
            if !is_new {
                content.fault = Some((field, TWICE));
            }
        }
        Ok(content)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

    fn parse(text: &str) -> Result<Content<'_>, ContentError> {
        Content::parse(Path::new("wallet.json"), text.as_bytes())
    }

    fn refused(text: &str) -> String {
        parse(text).err().unwrap().to_string()
    }

    #[test]
    fn names_count_in_any_letter_case_and_null_is_nothing() {
        let text = r#"{"Version":3,"CRYPTO":{"a":1},"Address":"7E5F4552091A69125D5DFCB7B8C2659029395BDF","address":null,"x":[{}]}"#;
        let content = parse(text).unwrap();
        assert_eq!(content.version, Some(3.into()));
        assert!(content.crypto.is_some());
        assert_eq!(content.address(), Ok(ADDRESS.parse().ok()));
        assert_eq!(content.private_key(), None);
        assert_eq!(parse(r#"{"address":""}"#).unwrap().address(), Ok(None));
    }

    #[test]
    fn a_field_that_is_there_twice_says_the_same_or_is_named() {
        for same in [
            r#"{"crypto":{"a":[1,"b"]},"Crypto":{ "a": [1, "b"] }}"#,
            r#"{"address":"0x1","address":"0x1"}"#,
            r#"{"privateKey":"0x1","privatekey":"0x1"}"#,
        ] {
            assert!(parse(same).is_ok(), "{same}");
        }
        for (other, field) in [
            (r#"{"crypto":{"a":1},"Crypto":{"a":2}}"#, "`crypto`"),
            (r#"{"address":"0x1","Address":"0x2"}"#, "`address`"),
            (r#"{"version":3,"version":1}"#, "`version`"),
            (r#"{"privateKey":"0x1","privatekey":"0x2"}"#, "`privateKey`"),
        ] {
            let error = refused(other);
            assert!(error.contains(field) && error.contains("twice"), "{error}");
        }
    }

    #[test]
    fn a_private_key_is_read_whatever_way_it_is_written() {
        for text in [r#"{"privateKey":"0xab"}"#, r#"{"privateKey":"\u0030xab"}"#] {
            let content = parse(text).unwrap();
            assert_eq!(content.private_key().unwrap().as_str(), "0xab");
        }
    }

    #[test]
    fn what_is_no_wallet_is_named_as_what_it_is() {
        for json in [r#""text""#, "[]", "7", "null"] {
            assert!(refused(json).contains("no object"), "{json}");
        }
        for broken in ["", "{", r#"{"address":0x1}"#, "{} x"] {
            assert!(refused(broken).contains("JSON is broken"), "{broken}");
        }
        for (text, field) in [
            (r#"{"address":7}"#, "`address`"),
            (r#"{"privateKey":["0x1"]}"#, "`privateKey`"),
        ] {
            let error = refused(text);
            assert!(
                error.contains(field) && error.contains("no text"),
                "{error}"
            );
        }
    }
}
