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
    #[command(
        after_help = "Example:\n  iexec-hsm token list --module /usr/lib/softhsm/libsofthsm2.so"
    )]
    List,
    /// Show one token, and what it can do
    Info(info::Info),
    /// Initialise an empty token and set its PIN
    Init(init::Init),
    /// Change the user PIN or the SO PIN
    ChangePin(change_pin::ChangePin),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::List => list::run(context),
        Command::Info(command) => info::run(context, &command),
        Command::Init(command) => init::run(context, command),
        Command::ChangePin(command) => change_pin::run(context, &command),
    }
}
