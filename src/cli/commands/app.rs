//! `iexec-hsm app …`: having apps run.

mod run;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Pay for a run of an app, and wait for its result
    ///
    /// The cheapest orders that fit are chosen and checked against the chain. What the run costs is shown, and nothing
    /// is signed without a yes. A run that was interrupted continues with --resume, and is never paid for twice. With
    /// --extract it ends with the opened result.
    Run(run::Run),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Run(command) => run::run(context, &command),
    }
}
