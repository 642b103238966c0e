use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::text::escape::Shown as _;
use crate::token::crossing;

/// A PIN that cannot be had or sent. A retry does not help.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PinError {
    /// There is nobody to ask, and no other source is set.
    #[error("the {missing} of the token {token:?} is needed and there is nobody to ask")]
    NobodyToAsk {
        /// Label of the token.
        token: String,
        /// The PIN that is missing.
        missing: MissingPin,
    },
    /// The file that should hold it cannot be read.
    #[error("the PIN file {} cannot be read: {source}", .path.shown())]
    File {
        /// The file.
        #[serde(with = "crossing::path")]
        path: PathBuf,
        /// The cause.
        #[serde(with = "crossing::io_error")]
        source: std::io::Error,
    },
    /// The PIN cannot be right and was not sent. No attempt was spent.
    #[error(
        "the PIN was not sent to {label:?}: it has {len} bytes and the token takes {min} to {max}"
    )]
    Length {
        /// Label of the token.
        label: String,
        /// Bytes of the PIN given.
        len: usize,
        /// Shortest PIN that the token takes, in bytes.
        min: u64,
        /// Longest PIN that the token takes, in bytes.
        max: u64,
    },
    /// A source is set and holds nothing.
    #[error("{0} holds no PIN")]
    Empty(String),
    /// The token said that it needs no login, and refuses without one.
    #[error("the token {0:?} says that it needs no login, and refuses without one")]
    NeededAllTheSame(String),
    /// The person did not give one, or gave two different ones.
    #[error("{0}")]
    NotGiven(String),
}

/// A PIN that is in no source, and that nobody can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MissingPin {
    /// The user PIN.
    User,
    /// The SO PIN.
    So,
    /// The user PIN of a second token, which the sources of the first one's are not for.
    OtherToken,
    /// The PIN that is to be set.
    New,
    /// The PIN was there, and was wiped when no more use of it was expected.
    Wiped,
    /// The PIN that logged in was not kept for another use.
    NotKept,
    /// No PIN came with the request to log in.
    NotSent,
}

impl fmt::Display for MissingPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::So => "SO PIN",
            Self::New => "new PIN",
            Self::User | Self::OtherToken | Self::Wiped | Self::NotKept | Self::NotSent => "PIN",
        })
    }
}
