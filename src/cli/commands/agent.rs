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
    ///
    /// The agent logs in to the token once, and unwraps keys for other programs of the same user, over a socket. It
    /// locks when it is idle, when the token is gone, and with `iexec-hsm agent lock`.
    Start(start::Start),
    /// Install the agent's systemd units, and enable them
    ///
    /// The units start the agent when a program connects, unlock it with the PIN in ~/.config/iexec-hsm/pin if that
    /// file is there, and stop it when it is idle. What was done is printed, with the commands that undo it.
    Install(install::Install),
    /// Show the agent's state
    ///
    /// With --check, the exit code is 0 if a result key can be used now; otherwise it is 40, 11 or 15.
    Status(status::Status),
    /// Log the agent in to its token; the PIN is asked for here
    ///
    /// A wrong PIN costs one attempt, and is not sent again.
    #[command(after_help = "Example:\n  iexec-hsm agent unlock")]
    Unlock,
    /// Log the agent out; it forgets the PIN and all keys
    ///
    /// It stays locked until `iexec-hsm agent unlock`: a PIN that is typed for another command does not unlock it.
    #[command(after_help = "Example:\n  iexec-hsm agent lock")]
    Lock,
    /// Stop the agent once its current requests are done
    ///
    /// With the systemd units, it is started again when a program connects.
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
