mod check;
mod show;

use clap::Subcommand;

use crate::cli::options::{Given, Global};
use crate::cli::secrets::Secrets;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

/// `iexec-hsm config …`.
#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Show every setting, and where its value comes from
    ///
    /// Secrets are not shown. With --verbose, settings that are not set are listed as well.
    Show(show::Show),
    /// Check the configuration file, or another file before you use it
    ///
    /// An unknown key or a wrong value is refused with line and column (exit 2).
    Check(check::Check),
}

pub(crate) fn run(
    global: &Global,
    secrets: &Secrets,
    given: Given,
    command: Command,
) -> Result<Reply, Failure> {
    match command {
        Command::Show(_) => show::run(global, secrets, given),
        Command::Check(command) => check::run(command.file),
    }
}
