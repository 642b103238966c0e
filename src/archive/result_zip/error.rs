//! Errors in a plaintext zip.

use std::io;

use thiserror::Error;

use crate::archive::zip::{IndexError, Unreadable};

/// Why a plaintext zip cannot be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultZipError {
    /// The bytes are not a whole zip. After decrypting, that means that the key or the body was wrong.
    #[error("the result is not a whole zip: {reason}")]
    Damaged {
        /// The reason.
        reason: String,
    },
    /// A limit was passed.
    #[error("the {what} is larger than the limit of {limit}")]
    TooLarge {
        /// The thing that is too large, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// An entry would be written where it must not be.
    #[error("the result holds \"{name}\", which {reason}")]
    UnsafeName {
        /// The name of the entry, as it may be shown.
        name: String,
        /// The reason.
        reason: &'static str,
    },
    /// A file is there as the zip says, and is not unpacked here.
    #[error("the result holds \"{name}\", which is {how}")]
    Unreadable {
        /// The name of the entry, as it may be shown.
        name: String,
        /// What it is packed with.
        how: Unreadable,
    },
    /// A file that was asked for is not there.
    #[error("there is no file \"{name}\" in the result, {there}")]
    NoSuchEntry {
        /// The name, as it may be shown.
        name: String,
        /// What is there.
        there: String,
    },
    /// The reader or the visitor failed, with its own error.
    #[error(transparent)]
    Io(io::Error),
}

impl ResultZipError {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged {
            reason: reason.into(),
        }
    }

    /// Packs the error for a visitor, which reads an entry through [`io::Read`].
    pub(super) fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}

impl From<io::Error> for ResultZipError {
    /// Unpacks an error that came out of an entry's reader; any other is [`ResultZipError::Io`].
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}

impl From<IndexError> for ResultZipError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Io(error) => Self::Io(error),
            IndexError::TooLarge { what, limit } => Self::TooLarge { what, limit },
            other => Self::damaged(other.to_string()),
        }
    }
}
