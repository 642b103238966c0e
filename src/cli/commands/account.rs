//! `iexec-hsm account …`: the money of an account, in the hub and beside it.

mod amount;
mod deposit;
mod resume;
mod show;
mod withdraw;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Show the funds of an account: available, locked in deals, and in its wallet
    Show(show::Show),
    /// Deposit RLC from the wallet into the account that pays for deals
    Deposit(deposit::Deposit),
    /// Withdraw RLC from the account to the wallet
    Withdraw(withdraw::Withdraw),
    /// Finish a transaction that was interrupted
    Resume(resume::Resume),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Show(command) => show::run(context, &command),
        Command::Deposit(command) => deposit::run(context, &command),
        Command::Withdraw(command) => withdraw::run(context, &command),
        Command::Resume(command) => resume::run(context, &command),
    }
}
