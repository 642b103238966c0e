//! The user's configuration file.
//!
//! It may name the PKCS#11 module, which is code that this program runs, so it is only read from
//! the user's own folder and only when nobody else could have written it. A PIN has no place in it.

mod edit;
mod entries;

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use edit::with_entries;
pub(crate) use entries::Entry;

use super::ui::command_line::CommandLine;
use crate::file::ownership::{self, Exposed};
use crate::file::{regular, small};

/// A configuration file in which nothing is wrong.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) text: String,
    /// The settings, in the order of their lines.
    pub(crate) entries: Vec<Entry>,
}

/// Why the configuration cannot be used. No value of the file is shown.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file exists but cannot be read.
    #[error("cannot read the configuration {path:?}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Other users have the file, or a folder above it, in their hands.
    #[error(
        "the configuration {path:?} is not used, as it can name code to run: {exposed}; {}",
        mended(exposed)
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The file or folder, and who has it.
        exposed: Exposed,
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
        /// The problem.
        problem: String,
    },
}

impl ConfigFile {
    /// Reads the file of this user; `None` where there is none.
    pub(crate) fn of_user() -> Result<Option<Self>, ConfigError> {
        usual().map_or(Ok(None), |path| Self::used(&path))
    }

    /// Reads the file at `path`, where it is used; `None` where there is none.
    pub(crate) fn used(path: &Path) -> Result<Option<Self>, ConfigError> {
        Self::below(path, std::env::home_dir().as_deref())
    }

    /// Reads the file at `path`, which is to take another place; `None` where there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        Self::below(path, Some(path))
    }

    /// Reads the file at `path`, if nobody else could have written it, nor the folders above up to `top`.
    fn below(path: &Path, top: Option<&Path>) -> Result<Option<Self>, ConfigError> {
        let content = content(path, top)?;
        content.map(|it| Self::parse(path, &it)).transpose()
    }

    /// Parses the content of the file at `path`.
    pub(crate) fn parse(path: &Path, content: &[u8]) -> Result<Self, ConfigError> {
        let not_utf8 = |error: std::str::Utf8Error| (error.valid_up_to(), "not UTF-8".to_owned());
        let parsed = str::from_utf8(content)
            .map_err(not_utf8)
            .and_then(|text| Ok((text.to_owned(), entries::parse(text)?)));
        match parsed {
            Ok((text, entries)) => Ok(Self { text, entries }),
            Err((offset, problem)) => {
                let (line, column) = entries::position(content, offset);
                Err(ConfigError::Content {
                    path: path.into(),
                    line,
                    column,
                    problem,
                })
            }
        }
    }
}

/// The place of the configuration file: `<xdg>/iexec-hsm/config.toml`, or
/// `<home>/.config/iexec-hsm/config.toml` where `xdg` (the value of `XDG_CONFIG_HOME`) is not an
/// absolute path; unknown without a home.
fn path(xdg: Option<&OsStr>, home: Option<&Path>) -> Option<PathBuf> {
    let xdg = xdg.map(PathBuf::from).filter(|xdg| xdg.is_absolute());
    let folder = xdg.or_else(|| home.map(|home| home.join(".config")))?;
    Some(folder.join("iexec-hsm/config.toml"))
}

/// The place of this user's configuration file; unknown without a home.
pub(crate) fn usual() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME");
    path(xdg.as_deref(), std::env::home_dir().as_deref())
}

/// The file's bytes; `None` where there is none.
fn content(path: &Path, top: Option<&Path>) -> Result<Option<Zeroizing<Vec<u8>>>, ConfigError> {
    let unreadable = |source| ConfigError::Read {
        path: path.into(),
        source,
    };
    let file = match regular::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    let exposed = |exposed| ConfigError::Exposed {
        path: path.into(),
        exposed,
    };
    let looked_at = ownership::of_file(path, top).map_err(unreadable)?;
    looked_at.map_err(exposed)?;
    small::read_opened(file).map_err(unreadable).map(Some)
}

/// What makes the file one that is used.
fn mended(exposed: &Exposed) -> String {
    match exposed {
        Exposed::Owner { .. } => {
            "name a folder of your own with HOME or XDG_CONFIG_HOME (`sudo -H` does)".into()
        }
        Exposed::Writable { path, .. } => {
            let chmod = CommandLine::new("chmod go-w").operand(path);
            format!("check what it says, then `{chmod}`")
        }
    }
}

#[cfg(test)]
mod tests;
