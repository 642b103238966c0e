//! The code that each error of the library ends the program with.

use super::failure::Failure;
use super::hints;
use crate::agent::client::ClientError;
use crate::agent::server::{AgentError, ConfirmError, ServeError, SocketError};
use crate::agent::wire::Refusal;
use crate::archive::ArchiveError;
use crate::attestation::{AttestationError, ChainFault};
use crate::beneficiary::FileError;
use crate::beneficiary::key_file::KeyFileError;
use crate::beneficiary::public_key_file::PublicKeyFileError;
use crate::beneficiary::software_key::BackupError;
use crate::chain::ChainError;
use crate::chain::order::{CheckError, ParamsError, SignError, TagError};
use crate::chain::rpc::{RpcError, RpcKind};
use crate::cli::config::ConfigError;
use crate::code::Code;
use crate::decrypt::{DecryptError, OutputError};
use crate::encrypt::EncryptError;
use crate::envelope::{PublicKeyError, SealError};
use crate::http::HttpError;
use crate::ipfs::FetchError;
use crate::market::{ChoiceError, MarketError};
use crate::sms::{Kind, SmsError};
use crate::task::NoResult;
use crate::token::uri::UriError;
use crate::token::{PinError, SoftwareKeyError, TokenError};
use crate::wallet::LocateError;
use crate::wallet::address::AddressError;
use crate::wallet::keystore_v3::KeystoreError;
use crate::wallet::sign::WalletError;
use crate::wallet::software::PrivateKeyError;
use crate::wallet::wallet_file::WalletFileError;

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(Code::from(&error), &error).hint(hints::token(&error))
    }
}

impl From<PinError> for Failure {
    fn from(error: PinError) -> Self {
        TokenError::from(error).into()
    }
}

impl From<AttestationError> for Failure {
    fn from(error: AttestationError) -> Self {
        let is_open = matches!(
            &error,
            AttestationError::None
                | AttestationError::Chain {
                    fault: ChainFault::NoIssuer | ChainFault::Algorithm | ChainFault::Time,
                    ..
                }
        );
        let code = match is_open {
            true => Code::NotVerified,
            false => Code::VerifiedDifferent,
        };
        Self::new(code, &error).hint(hints::attestation(&error))
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let code = match &error {
            error if error.is_io() => Code::IoFailed,
            error if error.is_too_large() => Code::TooLarge,
            _ => Code::NotAnArchive,
        };
        Self::new(code, &error).hint(hints::archive(&error))
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let code = match &error {
            OutputError::Exists(_) | OutputError::NotAFile { .. } => Code::OutputExists,
            OutputError::Io { .. } => Code::IoFailed,
        };
        Self::new(code, &error).hint(hints::output(&error))
    }
}

impl<E: std::error::Error + Into<Self>> From<DecryptError<E>> for Failure {
    fn from(error: DecryptError<E>) -> Self {
        let hint = hints::decrypt(&error);
        let code = match error {
            DecryptError::Keys(error) => return error.into(),
            DecryptError::Archive(error) => return error.into(),
            DecryptError::Output(error) => return error.into(),
            DecryptError::CannotDecrypt => Code::CannotDecrypt,
            DecryptError::Damaged(_)
            | DecryptError::UnsafeName { .. }
            | DecryptError::Unreadable { .. }
            | DecryptError::NoSuchEntry { .. } => Code::NotAnArchive,
            DecryptError::TooLarge { .. } | DecryptError::OverLimit(_) => Code::TooLarge,
            DecryptError::Read(_) => Code::IoFailed,
            DecryptError::Withheld => Code::VerifiedDifferent,
            DecryptError::Random(_) => Code::Failed,
        };
        Self::new(code, &error).hint(hint)
    }
}

impl From<EncryptError> for Failure {
    fn from(error: EncryptError) -> Self {
        let hint = hints::encrypt(&error);
        let code = match error {
            EncryptError::Output(error) => return Self::from(error).hint(hint),
            EncryptError::Wrap(error) => return error.into(),
            EncryptError::NotOpened { .. } | EncryptError::UnsafeName { .. } => Code::NotAnArchive,
            EncryptError::OverLimit(_) => Code::TooLarge,
            EncryptError::KeySize { .. } => Code::NotSupported,
            EncryptError::Read { .. }
            | EncryptError::Zip(_)
            | EncryptError::Seal(SealError::Io(_)) => Code::IoFailed,
            EncryptError::Name(_) | EncryptError::Seal(_) => Code::Failed,
        };
        Self::new(code, &error).hint(hint)
    }
}

impl From<SmsError> for Failure {
    fn from(error: SmsError) -> Self {
        let code = match error.kind() {
            Kind::Usage => Code::Usage,
            Kind::Unreachable => Code::SmsNotReachable,
            Kind::Refused => Code::SmsRefused,
            Kind::AlreadyPublished => Code::AlreadyPublished,
        };
        Self::new(code, &error).hint(hints::sms(&error))
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        let code = match error.kind() {
            RpcKind::Usage => Code::Usage,
            RpcKind::Unreachable => Code::NodeNotReachable,
            RpcKind::Refused => Code::ChainRefused,
        };
        Self::new(code, &error).hint(hints::node(&error))
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Wallet(error) => error.into(),
            other => Self::new(Code::Wallet, other).hint("Nothing was signed."),
        }
    }
}

/// Where nothing was signed yet.
const NOT_SIGNED: &str = "Nothing was signed.";

impl From<ParamsError> for Failure {
    fn from(error: ParamsError) -> Self {
        Self::new(Code::Usage, error).hint(NOT_SIGNED)
    }
}

impl From<TagError> for Failure {
    fn from(error: TagError) -> Self {
        Self::new(Code::Usage, error).hint(NOT_SIGNED)
    }
}

impl From<ChoiceError> for Failure {
    fn from(error: ChoiceError) -> Self {
        let hint = hints::choice(&error);
        let code = match error {
            ChoiceError::Market(error) => return Self::from(error).hint(hint),
            ChoiceError::Node(error) => return error.into(),
            ChoiceError::NoMarket(_) | ChoiceError::NotDeployed { .. } => Code::Usage,
            _ => Code::NoOrder,
        };
        Self::new(code, &error).hint(hint)
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Node(error) => error.into(),
            error => Self::new(Code::NoOrder, error).hint(NOT_SIGNED),
        }
    }
}

impl From<MarketError> for Failure {
    fn from(error: MarketError) -> Self {
        let code = match &error {
            MarketError::Http(HttpError::Url { .. } | HttpError::Plain { .. }) => Code::Usage,
            MarketError::Refused { .. } | MarketError::Endless { .. } => Code::Failed,
            _ => Code::MarketFailed,
        };
        Self::new(code, &error).hint(hints::market(&error))
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let code = match &error {
            FetchError::Write(_) => Code::IoFailed,
            error if error.is_different() => Code::VerifiedDifferent,
            error if error.is_too_large() => Code::TooLarge,
            error if error.is_not_found() => Code::NotThereYet,
            _ => Code::GatewayFailed,
        };
        Self::new(code, &error).hint(hints::fetch(&error))
    }
}

impl From<NoResult> for Failure {
    fn from(error: NoResult) -> Self {
        let code = match &error {
            NoResult::Ended(_) => Code::TaskFailed,
            _ => Code::NotThereYet,
        };
        Self::new(code, &error).hint(hints::no_result(&error))
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Token(error) => error.into(),
            other => Self::new(Code::Wallet, other),
        }
    }
}

/// Errors that end the program with one code, with the function that gives their hint.
macro_rules! codes {
    ($($error:ty => $code:ident $(, $hint:path)?;)*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(Code::$code, &error)$(.hint($hint(&error)))?
            }
        })*
    };
}

codes! {
    AddressError => Usage;
    BackupError => IoFailed, hints::backup;
    ConfirmError => Usage, hints::confirm;
    FileError => IoFailed, hints::file;
    KeystoreError => Wallet;
    LocateError => Wallet, hints::locate;
    PrivateKeyError => Wallet;
    PublicKeyError => NotSupported, hints::public_key;
    SocketError => Failed, hints::socket;
    SoftwareKeyError => NotSupported, hints::software_key;
    UriError => Usage, hints::uri;
    WalletFileError => Wallet, hints::wallet_file;
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = match &error {
            ConfigError::Read { source, .. } => hints::unreadable(source, hints::MOVE_AWAY),
            ConfigError::Exposed { .. } | ConfigError::Content { .. } => "",
        };
        Self::new(Code::Usage, &error).hint(hint)
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        let code = match &error {
            ChainError::Read { .. } => Code::IoFailed,
            _ => Code::Usage,
        };
        Self::new(code, &error).hint(hints::chain(&error))
    }
}

impl From<PublicKeyFileError> for Failure {
    fn from(error: PublicKeyFileError) -> Self {
        let code = match &error {
            PublicKeyFileError::File(_) => Code::IoFailed,
            _ => Code::NotSupported,
        };
        Self::new(code, &error).hint(hints::public_key_file(&error))
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let code = match &error {
            KeyFileError::File(FileError::NotReplaced { .. }) => Code::OutputExists,
            KeyFileError::File(_) => Code::IoFailed,
            KeyFileError::SoftwareKey { .. } | KeyFileError::NotAReference { .. } => {
                Code::NotSupported
            }
            KeyFileError::WouldDestroySoftwareKey { .. }
            | KeyFileError::WouldReplaceUnknown { .. } => Code::OutputExists,
            _ => Code::Failed,
        };
        Self::new(code, &error).hint(hints::key_file(&error))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message).hint(refusal.hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Locked(refusal) if refusal.hint.is_empty() => {
                Self::from(refusal).hint(hints::UNLOCK)
            }
            ClientError::Locked(refusal) | ClientError::Refused(refusal) => refusal.into(),
            error => Self::new(Code::AgentNotAvailable, &error).hint(hints::client(&error)),
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        Self::new(error.code(), &error).hint(hints::agent(&error))
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Unlock(error) => error.into(),
            ServeError::AuditLog { .. } => {
                Self::new(Code::IoFailed, &error).hint("Check the path given with --audit-log.")
            }
            error => Self::new(Code::Failed, &error),
        }
    }
}
