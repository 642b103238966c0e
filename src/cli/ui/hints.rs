//! How every error of the library ends the program.

use super::failure::Failure;
use crate::agent::client::ClientError;
use crate::agent::server::{ServeError, SocketError};
use crate::agent::wire::{Code, Refusal};
use crate::archive::ArchiveError;
use crate::beneficiary::FileError;
use crate::beneficiary::key_file::KeyFileError;
use crate::beneficiary::public_key_file::PublicKeyFileError;
use crate::beneficiary::software_key::BackupError;
use crate::chain::ChainError;
use crate::cli::config::ConfigError;
use crate::cli::exit::Exit;
use crate::decrypt::{DecryptError, OutputError};
use crate::encrypt::EncryptError;
use crate::envelope::{PublicKeyError, SealError};
use crate::sms::value::ValueError;
use crate::sms::{Kind, SmsError};
use crate::token::uri::UriError;
use crate::token::{PinError, SoftwareKeyError, TokenError};
use crate::wallet::address::AddressError;
use crate::wallet::key_file::KeyFileError as WalletFileError;
use crate::wallet::keystore_v3::KeystoreError;
use crate::wallet::locate::LocateError;
use crate::wallet::sign::WalletError;
use crate::wallet::software::PrivateKeyError;

impl From<&TokenError> for Exit {
    fn from(error: &TokenError) -> Self {
        Code::from(error).into()
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(Exit::from(&error), &error).hint(error.hint())
    }
}

impl From<PinError> for Failure {
    fn from(error: PinError) -> Self {
        TokenError::from(error).into()
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let exit = match &error {
            error if error.is_io() => Exit::IoFailed,
            error if error.is_too_large() => Exit::TooLarge,
            _ => Exit::NotAnArchive,
        };
        Self::new(exit, &error).hint(error.hint())
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let exit = match &error {
            OutputError::Exists(_) | OutputError::NotAFile { .. } => Exit::OutputExists,
            OutputError::Io { .. } => Exit::IoFailed,
        };
        Self::new(exit, &error).hint(error.hint())
    }
}

impl<E: std::error::Error + Into<Self>> From<DecryptError<E>> for Failure {
    fn from(error: DecryptError<E>) -> Self {
        let exit = match error {
            DecryptError::Keys(error) => return error.into(),
            DecryptError::Archive(error) => return error.into(),
            DecryptError::Output(error) => return error.into(),
            DecryptError::CannotDecrypt => Exit::CannotDecrypt,
            DecryptError::Damaged(_) | DecryptError::UnsafeName { .. } => Exit::NotAnArchive,
            DecryptError::TooLarge { .. } | DecryptError::OverLimit(_) => Exit::TooLarge,
            DecryptError::Read(_) => Exit::IoFailed,
            DecryptError::Random(_) => Exit::Failed,
        };
        Self::new(exit, &error).hint(error.hint())
    }
}

impl From<EncryptError> for Failure {
    fn from(error: EncryptError) -> Self {
        let hint = error.hint();
        let exit = match error {
            EncryptError::Output(error) => return error.into(),
            EncryptError::Wrap(error) => return error.into(),
            EncryptError::Read { .. }
            | EncryptError::Zip(_)
            | EncryptError::Seal(SealError::Io(_)) => Exit::IoFailed,
            EncryptError::Name(_) | EncryptError::Seal(_) => Exit::Failed,
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<SoftwareKeyError> for Failure {
    fn from(error: SoftwareKeyError) -> Self {
        Self::new(Exit::NotSupported, &error).hint(error.hint())
    }
}

impl From<SmsError> for Failure {
    fn from(error: SmsError) -> Self {
        let exit = match error.kind() {
            Kind::Usage => Exit::Usage,
            Kind::Unreachable => Exit::SmsNotReachable,
            Kind::Refused => Exit::SmsRefused,
            Kind::AlreadyPublished => Exit::AlreadyPublished,
        };
        Self::new(exit, &error).hint(error.hint())
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Token(error) => error.into(),
            other => Self::new(Exit::Wallet, other),
        }
    }
}

impl From<PublicKeyError> for Failure {
    fn from(error: PublicKeyError) -> Self {
        Self::new(Exit::NotSupported, &error).hint(error.hint())
    }
}

/// Failures whose own text says what to do.
macro_rules! exits {
    ($($error:ty => $exit:ident),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(Exit::$exit, error)
            }
        })*
    };
}

exits! {
    AddressError => Usage,
    BackupError => IoFailed,
    ConfigError => Usage,
    FileError => IoFailed,
    KeystoreError => Wallet,
    LocateError => Wallet,
    PrivateKeyError => Wallet,
    UriError => Usage,
    ValueError => NotSupported,
    WalletFileError => Wallet,
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        let exit = match &error {
            ChainError::Read { .. } => Exit::IoFailed,
            _ => Exit::Usage,
        };
        Self::new(exit, error)
    }
}

impl From<PublicKeyFileError> for Failure {
    fn from(error: PublicKeyFileError) -> Self {
        let exit = match &error {
            PublicKeyFileError::File(_) => Exit::IoFailed,
            _ => Exit::NotSupported,
        };
        Self::new(exit, error)
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let exit = match &error {
            KeyFileError::File(_) => Exit::IoFailed,
            KeyFileError::SoftwareKey { .. } | KeyFileError::NotAReference { .. } => {
                Exit::NotSupported
            }
            KeyFileError::WouldDestroySoftwareKey { .. }
            | KeyFileError::WouldReplaceUnknown { .. } => Exit::OutputExists,
            _ => Exit::Failed,
        };
        Self::new(exit, error)
    }
}

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
