//! `iexec-hsm key …`: the result keys on a token.

mod adopt;
mod delete;
mod describe;
mod export;
mod list;
mod show;

use clap::Subcommand;

use crate::cli::chosen_key::Which;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
pub(crate) use adopt::{Adopt, run as adopt};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the result keys on the token
    #[command(after_help = "Example:\n  iexec-hsm key list --token demo")]
    List,
    /// Show one result key and what the token says of it
    #[command(after_help = "Example:\n  iexec-hsm key show 'pkcs11:serial=0123;id=%03'")]
    Show(Which),
    /// Take over a decryption key that is on the token already
    Adopt(adopt::Adopt),
    /// Write the public key of a result key, as PEM
    Export(export::Export),
    /// Remove a result key from the token, for good
    Delete(delete::Delete),
}

impl Command {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List => "key list",
            Self::Show(_) => "key show",
            Self::Adopt(_) => "key adopt",
            Self::Export(_) => "key export",
            Self::Delete(_) => "key delete",
        }
    }
}

pub(crate) fn run(context: &mut Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::List => list::run(context),
        Command::Show(which) => show::run(context, &which),
        Command::Adopt(command) => adopt::run(context, command),
        Command::Export(command) => export::run(context, command),
        Command::Delete(command) => delete::run(context, command),
    }
}
