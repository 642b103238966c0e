use std::time::Duration;

use hyper::StatusCode;

use crate::agent::wire::{Code, Refusal};
use crate::token::TokenError;
use crate::wallet::sign::WalletError;

/// A request that is refused, as HTTP says it.
#[derive(Debug)]
pub(super) struct ErrorResponse {
    pub(super) status: StatusCode,
    pub(super) refusal: Refusal,
    pub(super) retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// A request that is wrong.
    pub(super) fn usage(message: impl std::fmt::Display) -> Self {
        let refusal = Refusal::new(Code::Usage, message);
        refusal.hint("docs/agent.md says what can be asked.").into()
    }

    /// Sets another status.
    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Sets when to try again.
    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl From<Refusal> for ErrorResponse {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.code.http());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            refusal,
            retry_after: None,
        }
    }
}

impl From<TokenError> for ErrorResponse {
    fn from(error: TokenError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<WalletError> for ErrorResponse {
    fn from(error: WalletError) -> Self {
        Refusal::from(error).into()
    }
}

/// The token cannot be used now.
pub(super) fn locked(reason: &str) -> ErrorResponse {
    let refusal = Refusal::new(
        Code::AgentNotAvailable,
        format!("the agent is locked: {reason}"),
    );
    ErrorResponse::from(refusal.hint("Unlock it with `iexec-hsm agent unlock`."))
        .status(StatusCode::LOCKED)
}

/// Nothing can be asked of the token now.
pub(super) fn recovering() -> ErrorResponse {
    let refusal = Refusal::new(
        Code::DeviceFailed,
        "the device is away: it failed, and the agent tries to bring it back",
    );
    ErrorResponse::from(
        refusal.hint("Check that the token is plugged in and its service runs, then try again."),
    )
    .retry_after(Duration::from_secs(1))
}

/// The queue is full.
pub(super) fn busy() -> ErrorResponse {
    let refusal = Refusal::new(
        Code::AgentNotAvailable,
        "too many requests wait for the token",
    );
    ErrorResponse::from(refusal.hint("Try again.")).retry_after(Duration::from_secs(1))
}

/// A call has not come back from the module.
pub(super) fn hung(since: Duration) -> ErrorResponse {
    let refusal = Refusal::new(
        Code::DeviceFailed,
        format!(
            "the token does not answer: a call has been in its module for {} s",
            since.as_secs()
        ),
    );
    refusal.hint("Check the token. The agent goes on by itself when the call comes back; else end it with `iexec-hsm agent stop`.").into()
}

/// A call took too long, and nobody waits for it any more.
pub(super) fn overdue(limit: Duration) -> ErrorResponse {
    let refusal = Refusal::new(
        Code::DeviceFailed,
        format!("the token did not answer within {} s", limit.as_secs()),
    );
    ErrorResponse::from(
        refusal.hint("Check the token; `iexec-hsm agent status` says whether it still hangs."),
    )
    .status(StatusCode::GATEWAY_TIMEOUT)
}
