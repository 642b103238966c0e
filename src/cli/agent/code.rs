use crate::agent::client::ClientError;
use crate::agent::server::{ServeError, SocketError};
use crate::agent::wire::{Code, Refusal};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// The agent has the same words.
impl From<Code> for Exit {
    fn from(code: Code) -> Self {
        match code {
            Code::Usage => Self::Usage,
            Code::TokenNotUsable => Self::TokenNotUsable,
            Code::DeviceFailed => Self::DeviceFailed,
            Code::PinWrong => Self::PinWrong,
            Code::PinLocked => Self::PinLocked,
            Code::PinNeeded => Self::PinNeeded,
            Code::KeyNotFound => Self::KeyNotFound,
            Code::NotSupported => Self::NotSupported,
            Code::IoFailed => Self::IoFailed,
            Code::Wallet => Self::Wallet,
            Code::AgentNotAvailable => Self::AgentNotAvailable,
            Code::Failed => Self::Failed,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code.into(), refusal.message).hint(refusal.hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Locked(refusal) | ClientError::Refused(refusal) => refusal.into(),
            error => Self::new(Exit::AgentNotAvailable, &error).hint(error.hint()),
        }
    }
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        Self::new(Exit::Failed, &error).hint(error.hint())
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Unlock(refusal) => refusal.into(),
            ServeError::AuditLog { .. } => {
                Self::new(Exit::IoFailed, &error).hint("Check the path given with --audit-log.")
            }
            error => Self::new(Exit::Failed, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_agent_are_those_of_the_program() {
        for code in [
            Code::Usage,
            Code::TokenNotUsable,
            Code::DeviceFailed,
            Code::PinWrong,
            Code::PinLocked,
            Code::PinNeeded,
            Code::KeyNotFound,
            Code::NotSupported,
            Code::IoFailed,
            Code::Wallet,
            Code::AgentNotAvailable,
            Code::Failed,
        ] {
            assert_eq!(code.word(), Exit::from(code).word());
            let json = serde_json::to_value(code).ok();
            assert_eq!(json.as_ref().and_then(|it| it.as_str()), Some(code.word()));
        }
    }
}
