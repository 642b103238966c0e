use std::time::Duration;

use hyper::StatusCode;
use thiserror::Error;

use super::confirm::NotConfirmed;
use crate::agent::wire::{Code, Refusal};
use crate::envelope::PublicKeyError;
use crate::token::TokenError;
use crate::wallet::address::Address;
use crate::wallet::sign::WalletError;

/// A request that the agent refuses.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The request is wrong.
    #[error("{message}")]
    Request {
        /// The mistake in it.
        message: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The token cannot be used before somebody unlocks it, for this reason.
    #[error("the agent is locked: {0}")]
    Locked(&'static str),
    /// Another request to unlock it is not done yet.
    #[error("another program is unlocking the agent")]
    Unlocking,
    /// The PIN is one that the token refused before.
    #[error("the token refused this PIN before, so it was not sent again; no attempt was spent")]
    RefusedPin,
    /// The device failed, and the agent brings it back.
    #[error("the device failed, and the agent is trying to bring it back")]
    Recovering,
    /// The queue is full.
    #[error("too many requests wait for the token")]
    Busy,
    /// A call has not come back from the module since.
    #[error("the token does not answer: a call has been in its module for {} s", .0.as_secs())]
    Hung(Duration),
    /// A call took longer than this, and nobody waits for it any more.
    #[error("the token did not answer within {} s", .0.as_secs())]
    Overdue(Duration),
    /// The process that asks has to wait that long, after too many bad ciphertexts.
    #[error(
        "too many unwraps of this process failed; the next one may come in {} s",
        .0.as_secs_f64().ceil()
    )]
    BackingOff(Duration),
    /// A person was to be asked, and did not allow it.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// The key needs the PIN for each use.
    #[error("this key needs the PIN for each use, and the agent does not keep the PIN")]
    PinNotKept,
    /// The token has no wallet of that address.
    #[error("no wallet on the token signs for {0}")]
    NoWallet(Address),
    /// The token failed or refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The wallet did not sign, by no fault of the token.
    #[error("{0}")]
    Wallet(WalletError),
    /// A public key of the token cannot be told.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl AgentError {
    /// A request that is wrong.
    pub(super) fn request(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Request {
            message: message.into(),
            status: status.as_u16(),
        }
    }

    /// Anything else.
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// Returns the cause, in one word.
    pub fn code(&self) -> Code {
        match self {
            Self::Request { .. } => Code::Usage,
            Self::Locked(_) | Self::Unlocking | Self::Busy | Self::BackingOff(_) => {
                Code::AgentNotAvailable
            }
            Self::NotConfirmed(_) => Code::NotConfirmed,
            Self::RefusedPin => Code::PinWrong,
            Self::Recovering | Self::Hung(_) | Self::Overdue(_) => Code::DeviceFailed,
            Self::PinNotKept | Self::PublicKey(_) => Code::NotSupported,
            Self::NoWallet(_) | Self::Wallet(_) => Code::Wallet,
            Self::Token(error) => error.into(),
            Self::Failed(_) => Code::Failed,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Locked(_) => StatusCode::LOCKED,
            Self::Overdue(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::BackingOff(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Request { status, .. } => http(*status),
            other => http(other.code().http()),
        }
    }

    /// Returns the time after which it may be asked again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Recovering | Self::Busy => Some(Duration::from_secs(1)),
            Self::BackingOff(wait) => Some(*wait),
            _ => None,
        }
    }

    /// Returns it as it goes over the socket, with the hint what to do.
    pub(super) fn refusal(&self, hint: fn(&Self) -> String) -> Refusal {
        Refusal::new(self.code(), self).hint(hint(self))
    }
}

impl From<WalletError> for AgentError {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Token(error) => error.into(),
            other => Self::Wallet(other),
        }
    }
}

fn http(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
