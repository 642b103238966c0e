//! The password of an encrypted wallet.

use std::fs::File;
use std::path::Path;

use super::context::Context;
use super::ui::failure::Failure;
use super::ui::hints;
use super::ui::terminal;
use crate::code::Code;
use crate::file::small;
use crate::locked::Locked;
use crate::text::escape::Shown as _;

/// Name of the systemd credential that holds the password.
const CREDENTIAL: &str = "iexec-hsm-wallet-password";
const VARIABLE: &str = "IEXEC_HSM_WALLET_PASSWORD";
const INSTEAD: &str = "set --password-file or IEXEC_HSM_PASSWORD_FILE to a file that holds it, or IEXEC_HSM_WALLET_PASSWORD to the password";

/// A password, or somebody to ask for it.
pub(crate) enum Password {
    Known(Locked),
    Ask(File),
}

impl Password {
    /// The first of these that is there: a file, a systemd credential, the environment, the
    /// terminal. Nobody is asked yet.
    pub(crate) fn find(context: &Context) -> Result<Self, Failure> {
        let environment = context.secrets.wallet_password.take();
        if let Some(path) = &context.settings.password_file {
            return read(path);
        }
        if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
            let path = Path::new(&folder).join(CREDENTIAL);
            if path.exists() {
                return read(&path);
            }
        }
        match environment {
            Some(password) if password.is_empty() => {
                let failure = Failure::new(Code::Wallet, format!("{VARIABLE} holds no password"));
                Err(failure.hint("Put the password into it, or leave it out."))
            }
            Some(password) => Ok(Self::Known(password)),
            None if context.global.no_input => Err(nobody()),
            None => terminal::open().map(Self::Ask).ok_or_else(nobody),
        }
    }

    /// The password of the wallet in this file.
    pub(crate) fn get(self, wallet: &Path) -> Result<Locked, Failure> {
        let terminal = match self {
            Self::Known(password) => return Ok(password),
            Self::Ask(terminal) => terminal,
        };
        let question = format!(
            "Using wallet {}\nPlease enter your password to unlock your wallet: ",
            wallet.shown()
        );
        let typed = terminal::ask_secret(&terminal, &question);
        typed.map(Locked::from).map_err(|error| {
            let what = format!("no password was typed: {error}");
            Failure::new(Code::Wallet, what).hint("Run the command again.")
        })
    }
}

fn read(path: &Path) -> Result<Password, Failure> {
    small::first_line(path)
        .map(|line| Password::Known(line.into()))
        .map_err(|error| {
            let path = path.shown();
            let what = format!("the password file {path} cannot be read: {error}");
            Failure::new(Code::IoFailed, what).hint(hints::unreadable(
                &error,
                "Check --password-file, IEXEC_HSM_PASSWORD_FILE or the configuration file.",
            ))
        })
}

fn nobody() -> Failure {
    let what = "the wallet's password is needed and there is nobody to ask";
    Failure::new(Code::Wallet, what).hint(format!("Run it in a terminal, or {INSTEAD}."))
}
