mod check;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::options::{Given, Global, groups};
use crate::cli::secrets::Secrets;
use crate::cli::services::SmsArgs;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

/// `iexec-hsm config …`.
#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Show every setting, and where its value comes from
    Show(Show),
    /// Check the configuration file, or another one before it takes its place
    Check(Check),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iexec-hsm config show")]
pub(crate) struct Show {
    #[command(flatten)]
    sms: SmsArgs,
    #[command(flatten)]
    wallet: groups::Wallet,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iexec-hsm config check new-config.toml")]
pub(crate) struct Check {
    /// The file [default: the one that is used]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

impl Command {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Show(_) => "config show",
            Self::Check(_) => "config check",
        }
    }
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
