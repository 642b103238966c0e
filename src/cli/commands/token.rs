//! `iexec-hsm token …`: tokens and their state.

mod change_pin;
mod describe;
mod held;
mod info;
mod init;
mod list;
mod mechanisms;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tokens, with URIs to copy
    ///
    /// Without --module, the tokens of all modules that are found are listed.
    #[command(
        after_help = "Example:\n  iexec-hsm token list --module /usr/lib/softhsm/libsofthsm2.so"
    )]
    List,
    /// Show one token, and what it can do
    ///
    /// Shows the state of its PIN, and its mechanisms. To open results a token needs CKM_RSA_PKCS; to make a key,
    /// CKM_RSA_PKCS_KEY_PAIR_GEN.
    Info(info::Info),
    /// Initialise an empty token and set its PIN
    ///
    /// For SoftHSM2 and CI: other tokens are better set up with the vendor's tool. A token that is in use is refused
    /// without --force and its label, because all keys on it would be lost.
    Init(init::Init),
    /// Change the user PIN or the SO PIN
    ///
    /// The old PIN is tried once. If the token refuses the new PIN, the old one stays valid. Afterwards, lock and
    /// unlock an agent that holds the token.
    ChangePin(change_pin::ChangePin),
}

pub(super) use change_pin::change_user_pin;

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::List => list::run(context),
        Command::Info(command) => info::run(context, &command),
        Command::Init(command) => init::run(context, command),
        Command::ChangePin(command) => change_pin::run(context, &command),
    }
}
