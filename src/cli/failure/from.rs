//! How every error of the library ends the program.

use super::Failure;
use crate::agent::wire::Code;
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
