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
    ///
    /// The state is read from the chain; nothing is signed. A result that is downloaded is checked against its CID; one
    /// that is decrypted is also verified against the chain.
    Show(show::Show),
    /// List the tasks whose results are for one address
    ///
    /// The address is that of your wallet, or --beneficiary. iExec's market names the deals; with --from-block the
    /// chain's own events do.
    List(list::List),
    /// Download and open all new results for one address
    ///
    /// Each completed result is downloaded, verified and opened into a folder named after its task. It is complete
    /// there or not there. What was done is recorded, so that nothing is downloaded twice. With --watch it runs as a
    /// service.
    Pull(pull::Pull),
    /// Claim back the money of a task that timed out
    ///
    /// Anybody can claim a task whose time is over. The money goes back to the requester and the workers.
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
