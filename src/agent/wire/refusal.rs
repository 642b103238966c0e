use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::code::Code;
use crate::token::{PinError, TokenError};

/// A request that was refused: what is wrong, and then what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
#[non_exhaustive]
pub struct Refusal {
    /// The cause, in one word.
    pub code: Code,
    /// The message.
    pub message: String,
    /// The hint what to do; empty where the message says all.
    #[serde(default)]
    pub hint: String,
}

impl Refusal {
    /// A refusal without a hint.
    pub(crate) fn new(code: Code, message: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// Sets the hint what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<&TokenError> for Code {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::NoModule(_)
            | TokenError::Module { .. }
            | TokenError::ForeignSettings { .. }
            | TokenError::NoToken { .. }
            | TokenError::TokenAmbiguous(_)
            | TokenError::NotReady { .. }
            | TokenError::PinNotReady { .. } => Self::TokenNotUsable,
            TokenError::Device { .. }
            | TokenError::SessionsTaken { .. }
            | TokenError::KeysGone(_) => Self::DeviceFailed,
            TokenError::PinWrong { .. }
            | TokenError::SoPinWrong { .. }
            | TokenError::NoAuthenticationKey(_)
            | TokenError::Pin(PinError::Length { .. }) => Self::PinWrong,
            TokenError::PinBlocked(_) | TokenError::SoPinBlocked(_) | TokenError::FinalTry(_) => {
                Self::PinBlocked
            }
            TokenError::Pin(PinError::File { .. }) => Self::IoFailed,
            TokenError::Pin(_) => Self::PinNeeded,
            TokenError::NoKey { .. } | TokenError::KeyAmbiguous(_) => Self::KeyNotFound,
            TokenError::NotSupported { .. } => Self::NotSupported,
            TokenError::Unfinished { cause, .. } => Self::from(cause.as_ref()),
        }
    }
}
