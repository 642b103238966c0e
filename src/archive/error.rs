//! Errors in an archive.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::zip::IndexError;
use crate::text::escape::Shown as _;

/// Why an archive cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Reading failed. Trying again may help if the cause is outside the file.
    #[error("cannot read {}: {source}", path.shown())]
    Io {
        /// The path that was read.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Writing the temporary copy of a piped archive failed.
    #[error("cannot keep a temporary copy in {}: {source}", path.shown())]
    Spool {
        /// The folder of the temporary copy.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The path names a pipe, a device or a socket.
    #[error("{} is neither a file nor a folder", path.shown())]
    NotAFile {
        /// The path as given.
        path: PathBuf,
    },
    /// The file does not begin like a zip.
    #[error("this is not a zip archive{}", but(*instead))]
    NotAZip {
        /// What it begins like instead.
        instead: Option<&'static str>,
    },
    /// The file begins like a zip, but its end is not there.
    #[error("the archive is cut short: {reason}")]
    Truncated {
        /// The missing part.
        reason: String,
    },
    /// The zip contradicts itself or uses what no producer of results uses.
    #[error("the archive is damaged: {reason}")]
    Malformed {
        /// The reason.
        reason: String,
    },
    /// Somebody packed it again, in a way that is not unpacked here.
    #[error("{entry} in it is {how}, so this is not the zip that was downloaded")]
    Packed {
        /// The entry, wrapped key or body.
        entry: String,
        /// What it is packed with.
        how: String,
    },
    /// Only one of wrapped key and body is there.
    #[error("there is {found}, but not {missing}")]
    Missing {
        /// The names that are there.
        found: String,
        /// The name that is not, or those that it could have.
        missing: String,
    },
    /// The path names a body alone, without its key beside it.
    #[error("{} is the encrypted body alone, and {missing} is not beside it", body.shown())]
    LoneBody {
        /// The path as given.
        body: PathBuf,
        /// The names that the wrapped key could have.
        missing: String,
    },
    /// More than one pair of wrapped key and body is there.
    #[error("there is more than one result in it: {reason}")]
    Ambiguous {
        /// The pairs that were found.
        reason: String,
    },
    /// The wrapped key has a length that no RSA key makes.
    #[error("the wrapped key is {len} bytes long, which is no length of an RSA ciphertext")]
    WrappedKeyLength {
        /// The length of the entry.
        len: u64,
    },
    /// The folder has more in it than is looked through.
    #[error("there are more than {most} files in {}, too many to look for a result among them", folder.shown())]
    TooManyFiles {
        /// The folder as given.
        folder: PathBuf,
        /// The number of entries that are looked at.
        most: usize,
    },
    /// Neither a wrapped key nor a body is there.
    #[error(
        "this is not an encrypted result: it holds neither a wrapped key nor an encrypted body"
    )]
    NotEncrypted,
    /// Neither is there, but a zip is, which may be an archive.
    #[error("this is not an encrypted result itself, but holds {zips}")]
    HoldsZips {
        /// The zips in it.
        zips: String,
    },
    /// A limit was passed.
    #[error("the {what} is larger than the limit of {limit}")]
    TooLarge {
        /// The thing that is too large, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl ArchiveError {
    /// Whether reading or writing failed, as opposed to what was read being wrong.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Spool { .. })
    }

    /// Whether a limit was passed.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(super) fn index(path: impl Into<PathBuf>) -> impl FnOnce(IndexError) -> Self {
        let path = path.into();
        move |error| match error {
            IndexError::Io(source) => Self::Io { path, source },
            IndexError::NotAZip { instead } => Self::NotAZip { instead },
            IndexError::Truncated { reason } => Self::Truncated { reason },
            IndexError::Malformed { reason } => Self::Malformed { reason },
            IndexError::TooLarge { what, limit } => Self::TooLarge { what, limit },
        }
    }
}

fn but(instead: Option<&str>) -> String {
    instead.map_or(String::new(), |it| format!(", but {it}"))
}
