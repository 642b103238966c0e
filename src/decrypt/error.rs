use std::convert::Infallible;
use std::io;

use super::output::OutputError;
use crate::archive::result_zip::ResultZipError;
use crate::archive::{ArchiveError, Damaged, SeemingBlocks};
use crate::envelope::{BadCiphertext, NoRandomness};

/// A failure to open an archive. Each variant says whether a retry can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError<E: std::error::Error> {
    /// The holder of the keys failed; see there.
    #[error(transparent)]
    Keys(E),
    /// Wrong key, bad wrapped key, bad body, bad padding, bad result: all alike. A retry does not
    /// help.
    #[error(
        "cannot decrypt: the archive was not sealed for a key on this token, or it was changed on its way"
    )]
    CannotDecrypt,
    /// The path names no archive, or one that cannot be read; see there.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The archive was damaged on its way, which its own checksums show. A retry helps with a
    /// fresh download.
    #[error(transparent)]
    Damaged(Damaged),
    /// Reading the archive failed. A retry may help.
    #[error("reading the archive failed: {0}")]
    Read(io::Error),
    /// Writing the result failed; see there.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The result is larger than allowed. A retry with a higher limit helps.
    #[error("the result is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The result has more entries than allowed. A retry with a higher limit helps.
    #[error("the result exceeds a limit: {0}")]
    OverLimit(String),
    /// The result holds a name that would be written outside the folder, or twice. A retry does
    /// not help.
    #[error("the result is not extracted: the name \"{name}\" {reason}")]
    UnsafeName {
        /// The name, with what is not UTF-8 replaced.
        name: String,
        /// The reason.
        reason: String,
    },
    /// A file in the result is packed in a way that is not unpacked here. A retry helps where the
    /// result is kept as a zip.
    #[error("the result is not unpacked: \"{name}\" in it is {how}")]
    Unreadable {
        /// The name, with what is not UTF-8 replaced.
        name: String,
        /// What it is packed with.
        how: String,
    },
    /// A file that was asked for is not in the result. A retry helps with another name.
    #[error("there is no file \"{name}\" in the result, {there}")]
    NoSuchEntry {
        /// The name.
        name: String,
        /// What is there.
        there: String,
    },
    /// Who watched it does not let it be released. A retry does not help.
    #[error("the result is not that of its task, and nothing was written")]
    Withheld,
    /// The operating system gave no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// A failure that no key holder had a part in.
pub(super) type RunError = DecryptError<Infallible>;

impl<E: std::error::Error> DecryptError<E> {
    /// Turns an error met while reading a body, a result or a file in it into what it means.
    pub(super) fn from_read(error: io::Error) -> Self {
        if let Some(damaged) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Self::Damaged(*damaged);
        }
        match error.get_ref() {
            Some(inner) if inner.is::<BadCiphertext>() || inner.is::<SeemingBlocks>() => {
                Self::CannotDecrypt
            }
            Some(inner) if inner.is::<ResultZipError>() => ResultZipError::from(error).into(),
            Some(inner) if inner.is::<OutputError>() => match error.downcast() {
                Ok(output) => Self::Output(output),
                Err(error) => Self::Read(error),
            },
            _ => Self::Read(error),
        }
    }
}

impl RunError {
    /// Returns the same failure where a key holder could have had a part.
    pub(super) fn with_keys<E: std::error::Error>(self) -> DecryptError<E> {
        match self {
            Self::Keys(never) => match never {},
            Self::CannotDecrypt => DecryptError::CannotDecrypt,
            Self::Archive(error) => DecryptError::Archive(error),
            Self::Damaged(damaged) => DecryptError::Damaged(damaged),
            Self::Read(error) => DecryptError::Read(error),
            Self::Output(error) => DecryptError::Output(error),
            Self::TooLarge { limit } => DecryptError::TooLarge { limit },
            Self::OverLimit(what) => DecryptError::OverLimit(what),
            Self::UnsafeName { name, reason } => DecryptError::UnsafeName { name, reason },
            Self::Unreadable { name, how } => DecryptError::Unreadable { name, how },
            Self::NoSuchEntry { name, there } => DecryptError::NoSuchEntry { name, there },
            Self::Withheld => DecryptError::Withheld,
            Self::Random(error) => DecryptError::Random(error),
        }
    }
}

/// A result that is no zip is a ciphertext that was changed, as far as anybody can tell.
impl<E: std::error::Error> From<ResultZipError> for DecryptError<E> {
    fn from(error: ResultZipError) -> Self {
        match error {
            ResultZipError::Damaged { .. } => Self::CannotDecrypt,
            ResultZipError::TooLarge { .. } => Self::OverLimit(error.to_string()),
            ResultZipError::UnsafeName { name, reason } => Self::UnsafeName {
                name,
                reason: reason.to_owned(),
            },
            ResultZipError::Unreadable { name, how } => Self::Unreadable {
                name,
                how: how.to_string(),
            },
            ResultZipError::NoSuchEntry { name, there } => Self::NoSuchEntry { name, there },
            ResultZipError::Io(error) => Self::from_read(error),
        }
    }
}

/// An error of a body or an opener stands for another one.
impl<E: std::error::Error> From<io::Error> for DecryptError<E> {
    fn from(error: io::Error) -> Self {
        Self::from_read(error)
    }
}
