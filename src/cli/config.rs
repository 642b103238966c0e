//! The user's configuration file.
//!
//! It may name the PKCS#11 module, which is code that this program runs, so it is only read from
//! the user's own folder and only when nobody else could have written it. A PIN has no place in it.

mod edit;
mod entries;
pub(crate) mod settings;

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Error as _, Unexpected, Visitor};
use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use edit::with_entries;
pub(crate) use entries::{Entry, entries};

use crate::chain::FrameworkChoice;
use crate::file::small;
use crate::token::uri::Uri;
use crate::wallet::address::Address;
use crate::wallet::locate::KeystoreDir;

/// What the configuration file sets. Each setting is also an option of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The PKCS#11 module's file.
    pub module: Option<PathBuf>,
    /// What that module is initialised with.
    pub module_args: Option<String>,
    /// The token to use, by its label or its URI.
    #[serde(deserialize_with = "token")]
    pub token: Option<Uri>,
    /// The result key to use.
    #[serde(deserialize_with = "parsed")]
    pub key: Option<Uri>,
    /// The file that holds the PIN.
    pub pin_file: Option<PathBuf>,
    /// The beneficiary's address.
    #[serde(deserialize_with = "parsed")]
    pub wallet_address: Option<Address>,
    /// The wallet's file, in the keystore folder.
    pub wallet_file: Option<PathBuf>,
    /// The folder of encrypted wallets.
    pub keystoredir: Option<KeystoreDir>,
    /// The wallet on a token that signs.
    #[serde(deserialize_with = "parsed")]
    pub wallet: Option<Uri>,
    /// The file that holds the wallet's password.
    pub password_file: Option<PathBuf>,
    /// The chain whose Secret Management Service is spoken to, by name or number.
    pub chain: Option<String>,
    /// For which frameworks a key is published.
    #[serde(deserialize_with = "parsed")]
    pub tee_framework: Option<FrameworkChoice>,
    /// The address of the Secret Management Service.
    pub sms_url: Option<String>,
    /// The longest time for a Secret Management Service, in seconds.
    #[serde(deserialize_with = "timeout")]
    pub timeout: Option<u64>,
    /// The folder of the beneficiary's key files.
    pub beneficiary_keystoredir: Option<PathBuf>,
    /// The agent's socket.
    pub agent_sock: Option<PathBuf>,
    /// Whether `result decrypt` leaves a running agent alone.
    pub no_agent: Option<bool>,
    /// After how long without use the agent locks.
    #[serde(deserialize_with = "time")]
    pub idle: Option<Duration>,
    /// How long after it was unlocked the agent locks.
    #[serde(deserialize_with = "time")]
    pub max_lifetime: Option<Duration>,
    /// The most sessions that the agent has with the token.
    pub sessions: Option<NonZeroUsize>,
    /// What a request to the agent may take.
    #[serde(deserialize_with = "limit")]
    pub request_timeout: Option<Duration>,
    /// The file that the agent adds a line to for each request.
    pub audit_log: Option<PathBuf>,
    /// The largest result to accept, in bytes.
    #[serde(deserialize_with = "size")]
    pub max_size: Option<u64>,
    /// The largest number of files in a result to accept.
    pub max_entries: Option<u64>,
}

/// Why the configuration cannot be used. No value of the file is shown.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file exists but cannot be read.
    #[error(
        "cannot read the configuration {path:?}: {source}; check its permissions, or move it away"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Any user of this machine could change the file.
    #[error(
        "the configuration {path:?} is writable by every user, and it can name code to run; check what it says, then `chmod go-w {path:?}`"
    )]
    WorldWritable {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what it should be.
    #[error(
        "the configuration is wrong at {path:?}:{line}:{column}: {problem}; correct or remove that line"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Config {
    /// Reads the file of this user, as [`Self::load`] does.
    pub fn of_user() -> Result<Self, ConfigError> {
        let xdg = std::env::var_os("XDG_CONFIG_HOME");
        Self::load(xdg.as_deref(), std::env::home_dir().as_deref())
    }

    /// Reads `<xdg>/iexec-hsm/config.toml`, or `<home>/.config/iexec-hsm/config.toml` where `xdg`
    /// (the value of `XDG_CONFIG_HOME`) is not an absolute path. Without a file, nothing is set.
    pub fn load(xdg: Option<&OsStr>, home: Option<&Path>) -> Result<Self, ConfigError> {
        match path(xdg, home) {
            Some(path) => read(&path),
            None => Ok(Self::default()),
        }
    }
}

/// Where the configuration file is expected; unknown without a home.
pub fn path(xdg: Option<&OsStr>, home: Option<&Path>) -> Option<PathBuf> {
    let xdg = xdg.map(PathBuf::from).filter(|xdg| xdg.is_absolute());
    let folder = xdg.or_else(|| home.map(|home| home.join(".config")))?;
    Some(folder.join("iexec-hsm/config.toml"))
}

/// Where the configuration file of this user is expected; unknown without a home.
pub(crate) fn usual() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME");
    path(xdg.as_deref(), std::env::home_dir().as_deref())
}

/// What the file sets; nothing where there is none.
fn read(path: &Path) -> Result<Config, ConfigError> {
    match content(path)? {
        Some(content) => checked(path, &content),
        None => Ok(Config::default()),
    }
}

/// The file's bytes; `None` where there is none.
pub(crate) fn content(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, ConfigError> {
    let unreadable = |source| ConfigError::Read {
        path: path.into(),
        source,
    };
    let file = match small::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    if file.metadata().map_err(unreadable)?.permissions().mode() & 0o002 != 0 {
        return Err(ConfigError::WorldWritable { path: path.into() });
    }
    small::read_opened(file).map_err(unreadable).map(Some)
}

/// The text of a configuration file that is right; `None` where there is none.
pub(crate) fn text_of(path: &Path) -> Result<Option<String>, ConfigError> {
    let Some(content) = content(path)? else {
        return Ok(None);
    };
    checked(path, &content)?;
    Ok(Some(String::from_utf8_lossy(&content).into_owned()))
}

/// Refuses a text that would be wrong in the file at `path`.
pub(crate) fn checked_text(path: &Path, text: &str) -> Result<(), ConfigError> {
    checked(path, text.as_bytes()).map(drop)
}

/// What the content of the file at `path` sets.
pub(crate) fn checked(path: &Path, content: &[u8]) -> Result<Config, ConfigError> {
    parse(content).map_err(|(offset, problem)| {
        let (line, column) = position(content, offset);
        ConfigError::Content {
            path: path.into(),
            line,
            column,
            problem,
        }
    })
}

/// Parses the file's content, or says where it is wrong and how.
fn parse(content: &[u8]) -> Result<Config, (usize, String)> {
    let text =
        str::from_utf8(content).map_err(|error| (error.valid_up_to(), "not UTF-8".to_owned()))?;
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        (offset, without_values(error.message()))
    })
}

/// The parser's message without the value it quotes where a type is wrong.
fn without_values(message: &str) -> String {
    let quotes_value =
        message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if quotes_value => {
            let expected = match expected {
                "u64" => "a number",
                "a nonzero usize" => "a number above 0",
                other => other,
            };
            format!("wrong kind of value, expected {expected}")
        }
        _ if quotes_value => "wrong kind of value".to_owned(),
        _ => message.to_owned(),
    }
}

fn position(content: &[u8], offset: usize) -> (usize, usize) {
    let before = &content[..offset.min(content.len())];
    let line = before.split(|&byte| byte == b'\n').count();
    let last_line = before
        .rsplit(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    (line, String::from_utf8_lossy(last_line).chars().count() + 1)
}

fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uri>, D::Error> {
    super::options::parse_token(&String::deserialize(deserializer)?)
        .map(Some)
        .map_err(D::Error::custom)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    super::options::parse_time(&String::deserialize(deserializer)?)
        .map(Some)
        .map_err(D::Error::custom)
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    super::options::parse_limit(&String::deserialize(deserializer)?)
        .map(Some)
        .map_err(D::Error::custom)
}

/// Bytes as a number, or with a unit as a text.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Size;

    impl Visitor<'_> for Size {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of bytes, or a text as in \"32G\"")
        }

        fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<u64, E> {
            u64::try_from(bytes).map_err(|_| E::invalid_value(Unexpected::Signed(bytes), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
            super::options::parse_size(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_any(Size).map(Some)
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    super::options::check_timeout(seconds)
        .map(Some)
        .map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;
