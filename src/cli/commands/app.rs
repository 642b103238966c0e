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
    Run(run::Run),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Run(command) => run::run(context, &command),
    }
}
