//! What an app is told: JSON whose keys workers know. They take JSON with another key for the app's arguments, and then
//! encrypt nothing; so such is refused here.

use serde_json::{Map, Value};

use super::tag::Tag;
use crate::wallet::address::Address;

const ARGS: &str = "iexec_args";
const INPUT_FILES: &str = "iexec_input_files";
const SECRETS: &str = "iexec_secrets";
const ENCRYPTION: &str = "iexec_result_encryption";
const PROVIDER: &str = "iexec_result_storage_provider";
const PROXY: &str = "iexec_result_storage_proxy";

/// The keys in the order that the SDK writes them in where it adds one.
const KEYS: [&str; 6] = [PROXY, SECRETS, PROVIDER, ENCRYPTION, INPUT_FILES, ARGS];

/// Bytes of the longest parameters: each is paid for.
const LONGEST: usize = 128 << 10;

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    given: Map<String, Value>,
    /// Whether the SDK would write them in its own order.
    is_rewritten: bool,
}

/// Why parameters are of no use. Where the SDK has words for it, the text begins with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// No JSON, or not an object.
    #[error("not a valid params, must be a json: an object such as {{\"iexec_args\":\"...\"}}")]
    NotAnObject,
    /// More than anybody pays for.
    #[error("the params have {length} bytes, and more than {LONGEST} are not sent")]
    TooLong {
        /// Their length.
        length: usize,
    },
    /// A key that workers do not know.
    #[error("Unknown key {0:?} in params")]
    UnknownKey(String),
    /// Requests of several tasks are not made.
    #[error(
        "\"bulk_cid\" in params is for requests of many tasks, which this program does not make"
    )]
    Bulk,
    /// The value of a key has another form.
    #[error("{key} in params must be {form}")]
    Form {
        /// The key.
        key: &'static str,
        /// What it must be.
        form: &'static str,
    },
    /// An address of a file that is none.
    #[error("{key} {url:?} is not a valid URL: it begins with https:// or http://")]
    Url {
        /// The key.
        key: &'static str,
        /// The text.
        url: String,
    },
    /// A place for results that there is not.
    #[error(
        "{PROVIDER} {0:?} is not a valid storage provider, use one of the supported providers (ipfs, dropbox)"
    )]
    Provider(String),
    /// Without an enclave results go to IPFS.
    #[error(
        "{PROVIDER} \"dropbox\" is not supported for non TEE tasks use supported storage provider ipfs"
    )]
    ProviderWithoutTee,
    /// Without an enclave there are no secrets.
    #[error("{SECRETS} is not supported for non TEE tasks")]
    SecretsWithoutTee,
    /// Without an enclave nothing is encrypted: workers refuse the task.
    #[error("{ENCRYPTION} is not supported for non TEE tasks: the result would not be encrypted")]
    EncryptionWithoutTee,
    /// What goes to a contract is in clear.
    #[error(
        "{ENCRYPTION} and a callback exclude each other: what goes to a contract is on the chain in clear"
    )]
    EncryptionWithCallback,
    /// Workers of today do not know the key.
    #[error("{PROXY} in params is not known to workers of tdx")]
    Proxy,
}

impl Params {
    /// Reads what was given as JSON.
    ///
    /// # Errors
    /// When it is no object, has a key that workers do not know, or a value of another form.
    pub fn read(json: &str) -> Result<Self, ParamsError> {
        if json.len() > LONGEST {
            let length = json.len();
            return Err(ParamsError::TooLong { length });
        }
        let given: Map<String, Value> =
            serde_json::from_str(json).map_err(|_| ParamsError::NotAnObject)?;
        let mut params = Self::default();
        for (key, value) in given {
            params.take(&key, value)?;
        }
        Ok(params)
    }

    /// The arguments of the app.
    pub fn set_args(&mut self, args: &str) {
        self.set(ARGS, args.into());
    }

    /// The URLs of files that the app reads.
    ///
    /// # Errors
    /// When one is no URL.
    pub fn set_input_files(&mut self, urls: &[String]) -> Result<(), ParamsError> {
        self.take(INPUT_FILES, urls.into())
    }

    /// The names of the requester's secrets that the app gets, by their numbers.
    ///
    /// # Errors
    /// When a number or a name is none.
    pub fn set_secrets(&mut self, secrets: &[(String, String)]) -> Result<(), ParamsError> {
        let secrets = secrets.iter().cloned();
        let secrets: Map<String, Value> = secrets.map(|(key, name)| (key, name.into())).collect();
        self.take(SECRETS, secrets.into())
    }

    /// Where results are stored: `ipfs` or `dropbox`.
    ///
    /// # Errors
    /// When it is another word.
    pub fn set_storage_provider(&mut self, provider: &str) -> Result<(), ParamsError> {
        self.take(PROVIDER, provider.into())
    }

    /// Whether the result is encrypted for the beneficiary.
    pub fn set_result_encryption(&mut self, encrypts: bool) {
        self.set(ENCRYPTION, encrypts.into());
    }

    /// Whether the result is to be encrypted.
    pub fn asks_for_encryption(&self) -> bool {
        self.given.get(ENCRYPTION) == Some(&true.into())
    }

    /// The JSON for a request with this tag and callback, byte for byte as the SDK writes it.
    ///
    /// # Errors
    /// When they contradict the tag or the callback.
    pub fn finish(mut self, tag: Tag, callback: Address) -> Result<String, ParamsError> {
        let is_tee = tag.has(Tag::TEE);
        let encrypts = self.given.get(ENCRYPTION) == Some(&true.into());
        if encrypts && !is_tee {
            return Err(ParamsError::EncryptionWithoutTee);
        }
        if encrypts && !callback.is_zero() {
            return Err(ParamsError::EncryptionWithCallback);
        }
        if self.given.contains_key(SECRETS) && !is_tee {
            return Err(ParamsError::SecretsWithoutTee);
        }
        if self.given.contains_key(PROXY) && tag.has(Tag::TDX) {
            return Err(ParamsError::Proxy);
        }
        match self.given.get(PROVIDER) {
            Some(provider) if provider != "ipfs" && !is_tee => {
                return Err(ParamsError::ProviderWithoutTee);
            }
            // Workers have no default.
            None if callback.is_zero() => {
                self.set(PROVIDER, "ipfs".into());
                self.is_rewritten = true;
            }
            _ => (),
        }
        let json = Value::Object(match self.is_rewritten {
            true => in_order(self.given),
            false => self.given,
        })
        .to_string();
        match json.len() {
            length if length > LONGEST => Err(ParamsError::TooLong { length }),
            _ => Ok(json),
        }
    }

    fn take(&mut self, key: &str, value: Value) -> Result<(), ParamsError> {
        let (key, value) = match key {
            ARGS => (ARGS, value.is_string().then_some(value).ok_or(TEXT)?),
            ENCRYPTION => {
                let form = ParamsError::Form {
                    key: ENCRYPTION,
                    form: "true or false",
                };
                (ENCRYPTION, value.is_boolean().then_some(value).ok_or(form)?)
            }
            INPUT_FILES => {
                self.is_rewritten |= value.is_string();
                (INPUT_FILES, input_files(value)?)
            }
            SECRETS => (SECRETS, secrets(value)?),
            PROVIDER => (PROVIDER, provider(value)?),
            PROXY => (PROXY, url(PROXY, value)?),
            "bulk_cid" => return Err(ParamsError::Bulk),
            other => return Err(ParamsError::UnknownKey(other.chars().take(60).collect())),
        };
        self.set(key, value);
        Ok(())
    }

    fn set(&mut self, key: &str, value: Value) {
        // One that was given before keeps its place, as in the SDK.
        self.given.insert(key.to_owned(), value);
    }
}

const TEXT: ParamsError = ParamsError::Form {
    key: ARGS,
    form: "a text",
};

fn in_order(mut given: Map<String, Value>) -> Map<String, Value> {
    let take = |key: &str| Some((key.to_owned(), given.remove(key)?));
    KEYS.into_iter().filter_map(take).collect()
}

fn input_files(value: Value) -> Result<Value, ParamsError> {
    let urls = match value {
        Value::String(text) => text.split(',').map(Value::from).collect(),
        Value::Array(urls) => urls,
        _ => {
            return Err(ParamsError::Form {
                key: INPUT_FILES,
                form: "a list of URLs",
            });
        }
    };
    let urls = urls.into_iter().map(|it| url(INPUT_FILES, it));
    urls.collect::<Result<Vec<_>, _>>().map(Value::from)
}

fn url(key: &'static str, value: Value) -> Result<Value, ParamsError> {
    let text = value.as_str().unwrap_or_default();
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(value);
    }
    let url = text.chars().take(200).collect();
    Err(ParamsError::Url { key, url })
}

fn provider(value: Value) -> Result<Value, ParamsError> {
    match value.as_str().unwrap_or_default() {
        "ipfs" | "dropbox" => Ok(value),
        other => Err(ParamsError::Provider(other.chars().take(60).collect())),
    }
}

/// Secrets in the order of their numbers, which is JavaScript's.
fn secrets(value: Value) -> Result<Value, ParamsError> {
    let form = ParamsError::Form {
        key: SECRETS,
        form: "names of secrets by numbers from 1",
    };
    let Value::Object(secrets) = value else {
        return Err(form);
    };
    let number = |key: &str| {
        let number: u32 = key.parse().ok()?;
        (number > 0 && number.to_string() == key).then_some(number)
    };
    let is_name = |it: &Value| it.as_str().is_some_and(|it| !it.is_empty());
    let numbered = secrets.into_iter().map(|(key, name)| {
        let number = number(&key).filter(|_| is_name(&name));
        Some((number?, (key, name)))
    });
    let mut numbered: Vec<_> = numbered.collect::<Option<_>>().ok_or(form)?;
    numbered.sort_by_key(|(number, _)| *number);
    let secrets: Map<String, Value> = numbered.into_iter().map(|(_, secret)| secret).collect();
    Ok(secrets.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HERE: Address = Address::ZERO;

    fn finish(json: &str, tag: &str) -> Result<String, ParamsError> {
        Params::read(json)?.finish(tag.parse().unwrap(), HERE)
    }

    #[test]
    fn they_are_written_as_the_sdk_writes_them() {
        let all = r#"{"iexec_args":"a \"b\" é\u0001\n/","iexec_input_files":["https://a.b/c"],"iexec_secrets":{"2":"b","10":"c","1":"a"},"iexec_result_encryption":true,"iexec_result_storage_proxy":"https://x.y"}"#;
        assert_eq!(
            finish(all, "tee,scone").unwrap(),
            "{\"iexec_result_storage_proxy\":\"https://x.y\",\"iexec_secrets\":{\"1\":\"a\",\"2\":\"b\",\"10\":\"c\"},\"iexec_result_storage_provider\":\"ipfs\",\"iexec_result_encryption\":true,\"iexec_input_files\":[\"https://a.b/c\"],\"iexec_args\":\"a \\\"b\\\" é\\u0001\\n/\"}"
        );
        for (given, written) in [
            ("{}", r#"{"iexec_result_storage_provider":"ipfs"}"#),
            (
                r#"{"iexec_result_encryption":true,"iexec_result_storage_provider":"ipfs","iexec_args":"x"}"#,
                r#"{"iexec_result_encryption":true,"iexec_result_storage_provider":"ipfs","iexec_args":"x"}"#,
            ),
            (
                r#"{"iexec_args":"x","iexec_result_storage_provider":"dropbox","iexec_input_files":"https://a,http://b"}"#,
                r#"{"iexec_result_storage_provider":"dropbox","iexec_input_files":["https://a","http://b"],"iexec_args":"x"}"#,
            ),
        ] {
            assert_eq!(finish(given, "tee,tdx").as_deref(), Ok(written), "{given}");
        }
        let mut params = Params::default();
        params.set_args("x");
        let callback = Address::from([1; 20]);
        let json = params.finish(Tag::NONE, callback);
        assert_eq!(json.as_deref(), Ok(r#"{"iexec_args":"x"}"#));
    }

    #[test]
    fn options_take_the_place_of_what_was_given() {
        let mut params = Params::read(
            r#"{"iexec_args":"old","iexec_result_storage_provider":"dropbox","iexec_result_encryption":false}"#,
        )
        .unwrap();
        params.set_args("new");
        params.set_result_encryption(true);
        params.set_secrets(&[("1".into(), "s".into())]).unwrap();
        assert_eq!(
            params.finish(Tag::TEE | Tag::TDX, HERE).unwrap(),
            r#"{"iexec_args":"new","iexec_result_storage_provider":"dropbox","iexec_result_encryption":true,"iexec_secrets":{"1":"s"}}"#
        );
    }

    #[test]
    fn what_workers_do_not_know_is_refused() {
        let refused = |json: &str, tag: &str, words: &str| {
            let message = finish(json, tag).unwrap_err().to_string();
            assert!(message.contains(words), "{json}: {message}");
        };
        refused(
            r#"{"iexec_arg":"x"}"#,
            "",
            "Unknown key \"iexec_arg\" in params",
        );
        refused(r#"{"bulk_cid":"Qm"}"#, "", "many tasks");
        for json in ["", "x", "[]", "null", "\"x\""] {
            refused(json, "", "must be a json");
        }
        for (json, words) in [
            (r#"{"iexec_args":5}"#, "must be a text"),
            (r#"{"iexec_result_encryption":"true"}"#, "true or false"),
            (r#"{"iexec_input_files":["ftp://x"]}"#, "not a valid URL"),
            (r#"{"iexec_input_files":5}"#, "a list of URLs"),
            (r#"{"iexec_secrets":{"0":"x"}}"#, "numbers from 1"),
            (r#"{"iexec_secrets":{"01":"x"}}"#, "numbers from 1"),
            (r#"{"iexec_secrets":{"1":""}}"#, "numbers from 1"),
            (r#"{"iexec_result_storage_provider":"s3"}"#, "ipfs, dropbox"),
            (r#"{"iexec_result_storage_proxy":"http://x"}"#, "of tdx"),
        ] {
            refused(json, "tee,tdx", words);
        }
        for json in [
            r#"{"iexec_result_encryption":true}"#,
            r#"{"iexec_secrets":{"1":"x"}}"#,
            r#"{"iexec_result_storage_provider":"dropbox"}"#,
        ] {
            refused(json, "gpu", "not supported for non TEE tasks");
        }
        let long = format!(r#"{{"iexec_args":"{}"}}"#, "x".repeat(LONGEST));
        refused(&long, "", "not sent");
        let params = Params::read(r#"{"iexec_result_encryption":true}"#).unwrap();
        let error = params.finish(Tag::TEE | Tag::TDX, [1; 20].into());
        assert_eq!(error, Err(ParamsError::EncryptionWithCallback));
    }
}
