//! `iexec-hsm key …`: the result keys on a token.

mod adopt;
mod attest;
mod delete;
mod describe;
mod export;
mod list;
mod show;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::options::NamedKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::Uri;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the result keys on the token
    ///
    /// Shows the label, id, size and origin of each key, and the addresses whose key file names it.
    #[command(after_help = "Example:\n  iexec-hsm key list --token demo")]
    List,
    /// Show one result key and its attributes
    ///
    /// Shows also what the token says of the key: where it was made, and whether it can leave.
    #[command(
        after_help = "Examples:\n  iexec-hsm key show 7e5f4552\n  iexec-hsm key show 'pkcs11:serial=0123;id=%03'"
    )]
    Show(NamedKey),
    /// Adopt a decryption key that is already on the token
    ///
    /// For a key that the vendor's tool has made. It decrypts a test value first; then the key file and the public key
    /// file of the address are written.
    Adopt(adopt::Adopt),
    /// Prove that a key was made in a YubiKey or YubiHSM 2
    ///
    /// Such a device signs a certificate for a key that was made in it. It is checked up to a root that you name, and
    /// compared with the result key. With --public-key no token is needed. A wrong certificate is exit 50, an
    /// incomplete proof exit 51.
    Attest(attest::Attest),
    /// Write the public key of a result key, as PEM
    ///
    /// The text is that of the SDK. Most tokens need no PIN for it.
    Export(export::Export),
    /// Delete a result key from the token, for ever
    ///
    /// What was sealed for the key can then never be opened again. Key files that name the key are removed with it.
    Delete(delete::Delete),
}

impl Command {
    /// Returns the key that is named by its URI.
    pub(crate) fn named(&self) -> Option<&Uri> {
        match self {
            Self::List => None,
            Self::Show(key) => key.uri.as_ref(),
            Self::Adopt(command) => command.key.uri.as_ref(),
            Self::Attest(command) => command.key.uri.as_ref(),
            Self::Export(command) => command.key.uri.as_ref(),
            Self::Delete(command) => command.key.uri.as_ref(),
        }
    }
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::List => list::run(context),
        Command::Show(_) => show::run(context),
        Command::Adopt(command) => adopt::run(context, &command),
        Command::Attest(command) => attest::run(context, &command),
        Command::Export(command) => export::run(context, command),
        Command::Delete(command) => delete::run(context, command),
    }
}
