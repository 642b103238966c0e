//! `iexec-hsm task …`: tasks on the chain.

mod claim;
mod describe;
mod download;
mod fetched;
mod json;
mod list;
mod of_us;
mod pull;
mod show;
mod there;
mod told;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
pub(super) use describe::{cause, of_deal, row, seconds, whose};
pub(super) use download::{Download, Of, Wanted};
pub(super) use fetched::fetched;
pub(super) use json::{not_begun, task_json};
pub(super) use there::task_there;
pub(super) use told::Told;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Show the state of a task, or wait until it ends
    Show(show::Show),
    /// List the tasks whose results are for one address
    List(list::List),
    /// Download and open all new results for one address
    Pull(pull::Pull),
    /// Claim back the money of a task that timed out
    Claim(claim::Claim),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Show(command) => show::run(context, &command),
        Command::List(command) => list::run(context, &command),
        Command::Pull(command) => pull::run(context, &command),
        Command::Claim(command) => claim::run(context, &command),
    }
}
