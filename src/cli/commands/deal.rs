//! `iexec-hsm deal …`: deals on the chain.

mod claim;
mod json;
mod show;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Show a deal and its tasks, or wait until they end
    ///
    /// A deal is a request that was matched on iExec's market. Each of its tasks is computed once.
    Show(show::Show),
    /// Claim back the money of a deal's tasks that timed out
    ///
    /// All tasks of the deal whose time is over are claimed, also those that no worker has started. The money goes back
    /// to the requester and the workers.
    Claim(claim::Claim),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Show(command) => show::run(context, &command),
        Command::Claim(command) => claim::run(context, &command),
    }
}
