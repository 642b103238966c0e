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
    ///
    /// Deals are paid from the account, gas from the wallet. Nothing is signed.
    Show(show::Show),
    /// Deposit RLC from the wallet into the account that pays for deals
    ///
    /// The transaction is tried before it is signed, and written to a journal before it is sent. The amount is in nRLC,
    /// unless RLC stands after it.
    Deposit(deposit::Deposit),
    /// Withdraw RLC from the account to the wallet
    ///
    /// The transaction is tried before it is signed, and written to a journal before it is sent. The amount is in nRLC,
    /// unless RLC stands after it.
    Withdraw(withdraw::Withdraw),
    /// Finish a transaction that was interrupted
    ///
    /// After a lost answer or a kill, nothing new is sent for an address until the outcome of its last transaction is
    /// known. This command finds it out, or sends the same bytes again.
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
