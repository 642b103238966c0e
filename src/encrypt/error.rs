use std::io;
use std::path::{Path, PathBuf};

use zip::result::ZipError;

use crate::archive::result_zip::ResultZipError;
use crate::decrypt::OutputError;
use crate::envelope::{PublicKeyError, SealError};
use crate::text::escape::Shown as _;

/// A failure to seal. A retry helps where reading or writing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The result cannot be read.
    #[error("reading {} failed: {source}", .path.shown())]
    Read {
        /// The path that was read.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Writing the archive failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Encrypting failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The content key cannot be wrapped.
    #[error(transparent)]
    Wrap(#[from] PublicKeyError),
    /// The zip cannot be made.
    #[error("making the zip failed: {0}")]
    Zip(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The zip is one that would not be opened again.
    #[error("{} is not sealed, because it would not be opened again: {reason}", .path.shown())]
    NotOpened {
        /// The zip.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The result holds something that would not be extracted.
    #[error("{} is not sealed, because \"{name}\" in it would not be extracted: it {reason}", .path.shown())]
    UnsafeName {
        /// The folder or file that was to be sealed.
        path: PathBuf,
        /// The name in it, as it may be shown.
        name: String,
        /// The reason.
        reason: String,
    },
    /// The result passes a limit that holds where archives are opened.
    #[error("this is not sealed: {0}")]
    OverLimit(String),
    /// The public key is of a size that archives have no place for.
    #[error(
        "an archive has no place for a key of {bits} bits, but for 1024 to 16384 in steps of 64"
    )]
    KeySize {
        /// The size.
        bits: usize,
    },
    /// A name in the folder cannot stand in a zip.
    #[error("{} has a name that is not UTF-8", .0.shown())]
    Name(PathBuf),
}

impl From<ZipError> for EncryptError {
    fn from(error: ZipError) -> Self {
        Self::Zip(Box::new(error))
    }
}

impl EncryptError {
    /// The refusal of `path`, which opening it would end with.
    pub(super) fn refused(path: &Path, error: ResultZipError) -> Self {
        let path = path.to_owned();
        match error {
            ResultZipError::Damaged { reason } => Self::NotOpened { path, reason },
            ResultZipError::NoSuchEntry { .. } => Self::NotOpened {
                path,
                reason: error.to_string(),
            },
            ResultZipError::Unreadable { name, how } => Self::NotOpened {
                path,
                reason: format!("\"{name}\" in it is {how}"),
            },
            ResultZipError::UnsafeName { name, reason } => Self::UnsafeName {
                path,
                name,
                reason: reason.into(),
            },
            ResultZipError::TooLarge { .. } => Self::OverLimit(error.to_string()),
            ResultZipError::Io(source) => Self::Read { path, source },
        }
    }
}
