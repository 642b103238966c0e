use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::token::{PinError, TokenError};
use crate::wallet::sign::WalletError;

/// Why a request was refused, in one word: the words that `--raw` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The request is wrong.
    Usage,
    /// Module or token are not there, or not set up.
    TokenNotUsable,
    /// The token is gone, or failed, or its module does not come back.
    DeviceFailed,
    /// The PIN is wrong.
    PinWrong,
    /// The PIN is locked, or the last try was not granted.
    PinLocked,
    /// A PIN is needed.
    PinNeeded,
    /// No such key.
    KeyNotFound,
    /// The key cannot do it.
    NotSupported,
    /// The file with the PIN cannot be read.
    IoFailed,
    /// No such wallet, or it cannot sign.
    Wallet,
    /// The agent is locked, busy, or not there.
    AgentNotAvailable,
    /// Anything else.
    #[serde(other)]
    Failed,
}

impl Code {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::TokenNotUsable => "token-not-usable",
            Self::DeviceFailed => "device-failed",
            Self::PinWrong => "pin-wrong",
            Self::PinLocked => "pin-locked",
            Self::PinNeeded => "pin-needed",
            Self::KeyNotFound => "key-not-found",
            Self::NotSupported => "not-supported",
            Self::IoFailed => "io-failed",
            Self::Wallet => "wallet",
            Self::AgentNotAvailable => "agent-not-available",
            Self::Failed => "failed",
        }
    }
}

/// A request that was refused: what is wrong, and then what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Refusal {
    /// Why, in one word.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do; empty where the message says all.
    #[serde(default)]
    pub hint: String,
}

impl Refusal {
    /// One without a hint.
    pub(crate) fn new(code: Code, message: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The same with what to do.
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
            | TokenError::NoToken { .. }
            | TokenError::TokenAmbiguous(_)
            | TokenError::NotReady { .. }
            | TokenError::PinNotReady { .. } => Self::TokenNotUsable,
            TokenError::Device { .. } => Self::DeviceFailed,
            TokenError::PinWrong { .. }
            | TokenError::SoPinWrong { .. }
            | TokenError::Pin(PinError::Length { .. }) => Self::PinWrong,
            TokenError::PinLocked(_) | TokenError::SoPinLocked(_) | TokenError::FinalTry(_) => {
                Self::PinLocked
            }
            TokenError::Pin(PinError::File { .. }) => Self::IoFailed,
            TokenError::Pin(_) => Self::PinNeeded,
            TokenError::NoKey { .. } | TokenError::KeyAmbiguous(_) => Self::KeyNotFound,
            TokenError::Unfit { .. } => Self::NotSupported,
            TokenError::Unfinished { cause, .. } => Self::from(cause.as_ref()),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::new(Code::from(&error), &error).hint(error.hint())
    }
}

impl From<WalletError> for Refusal {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Token(error) => error.into(),
            other => Self::new(Code::Wallet, other),
        }
    }
}
