use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::config::ConfigError;
use super::exit::Exit;
use crate::archive::ArchiveError;
use crate::beneficiary::FileError;
use crate::beneficiary::key_file::KeyFileError;
use crate::beneficiary::public_key_file::PublicKeyFileError;
use crate::beneficiary::software_key::BackupError;
use crate::decrypt::{DecryptError, OutputError};
use crate::encrypt::EncryptError;
use crate::envelope::{PublicKeyError, SealError};
use crate::token::uri::UriError;
use crate::token::{PinError, SoftwareKeyError, TokenError};
use crate::wallet::address::AddressError;
use crate::wallet::locate::LocateError;

/// A command that failed: what is wrong, and then what to do.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    message: String,
    hint: String,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What is wrong.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The same failure, of one of several things.
    pub(super) fn of(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same failure with one more thing that happened.
    pub(super) fn also(mut self, what: &str) -> Self {
        self.message = format!("{}; {what}", self.message);
        self
    }

    /// Prints it to stderr and returns its status.
    pub(super) fn print(&self, command: &str, raw: bool) -> ExitCode {
        let text = if raw {
            self.json(command).to_string()
        } else {
            self.text()
        };
        // With stderr gone there is nobody to tell; the status still says it.
        let _ = writeln!(std::io::stderr(), "{text}");
        self.exit.into()
    }

    fn text(&self) -> String {
        if self.hint.is_empty() {
            format!("error: {}", self.message)
        } else {
            format!("error: {}\n hint: {}", self.message, self.hint)
        }
    }

    fn json(&self, command: &str) -> serde_json::Value {
        let message = [self.message.as_str(), self.hint.as_str()].join(if self.hint.is_empty() {
            ""
        } else {
            ". "
        });
        json!({
            "ok": false,
            "command": format!("iexec-hsm {command}"),
            "error": {
                "name": "Error",
                "message": message,
                "code": self.exit.word(),
                "exit": self.exit.status(),
            },
        })
    }
}

impl From<&TokenError> for Exit {
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
            TokenError::PinLocked(_) | TokenError::FinalTry(_) => Self::PinLocked,
            TokenError::Pin(PinError::File { .. }) => Self::IoFailed,
            TokenError::Pin(_) => Self::PinNeeded,
            TokenError::NoKey { .. } | TokenError::KeyAmbiguous(_) => Self::KeyNotFound,
            TokenError::Unfit { .. } => Self::NotSupported,
            TokenError::Unfinished { cause, .. } => Self::from(cause.as_ref()),
        }
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

impl From<DecryptError<TokenError>> for Failure {
    fn from(error: DecryptError<TokenError>) -> Self {
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

impl From<LocateError> for Failure {
    fn from(error: LocateError) -> Self {
        Self::new(Exit::Wallet, error)
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
    PublicKeyFileError => IoFailed,
    UriError => Usage,
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

#[cfg(test)]
mod tests;
