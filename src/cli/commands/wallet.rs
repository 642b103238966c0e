//! `iexec-hsm wallet …`: the wallets that can sign.

mod create;
mod list;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Make a wallet on the token
    ///
    /// A wallet signs for an Ethereum address. It cannot be copied: if the token is lost, so is everything that the
    /// address owns.
    Create(create::Create),
    /// List the wallets here, and the one that would sign
    ///
    /// Nothing is unlocked. Some tokens show their wallets only after a login (--login).
    List(list::List),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Create(command) => create::run(context, command),
        Command::List(command) => list::run(context, command),
    }
}
