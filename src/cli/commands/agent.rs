//! `iexec-hsm agent …`: the key agent.

mod install;
mod lock;
mod start;
mod status;
mod stop;
mod unlock;

pub(super) use status::confinement;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Start the agent, in the foreground
    Start(start::Start),
    /// Install the agent's systemd units, and enable them
    Install(install::Install),
    /// Show the agent's state
    Status(status::Status),
    /// Log the agent in to its token; the PIN is asked for here
    #[command(after_help = "Example:\n  iexec-hsm agent unlock")]
    Unlock,
    /// Log the agent out; it forgets the PIN and all keys
    #[command(after_help = "Example:\n  iexec-hsm agent lock")]
    Lock,
    /// Stop the agent once its current requests are done
    #[command(after_help = "Example:\n  iexec-hsm agent stop")]
    Stop,
}

impl Command {
    /// Whether it becomes the agent itself.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Start(start) if start.serves())
    }

    /// Whether it is a worker process of the agent.
    pub(crate) fn is_worker(&self) -> bool {
        matches!(self, Self::Start(start) if start.is_worker())
    }
}

pub(crate) fn run(context: Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Start(start) => start::run(context, &start),
        Command::Install(install) => install::run(&context, &install),
        Command::Status(status) => status::run(&context, &status),
        Command::Unlock => unlock::run(&context),
        Command::Lock => lock::run(&context),
        Command::Stop => stop::run(&context),
    }
}
