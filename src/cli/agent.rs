//! `iexec-hsm agent …`: the key agent.

mod code;
mod link;
mod others;
mod start;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use super::reply::Reply;
pub(super) use link::Link;

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(super) enum Command {
    /// Start the agent, in the foreground
    Start(start::Start),
    /// Tell how the agent is
    #[command(after_help = "Example:\n  iexec-hsm agent status")]
    Status,
    /// Log the agent in to its token, with the PIN asked for here
    #[command(after_help = "Example:\n  iexec-hsm agent unlock")]
    Unlock,
    /// Log the agent out; it forgets all it knows
    #[command(after_help = "Example:\n  iexec-hsm agent lock")]
    Lock,
    /// End the agent, once what runs is done
    #[command(after_help = "Example:\n  iexec-hsm agent stop")]
    Stop,
}

impl Command {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "agent start",
            Self::Status => "agent status",
            Self::Unlock => "agent unlock",
            Self::Lock => "agent lock",
            Self::Stop => "agent stop",
        }
    }

    /// Whether it becomes the agent itself.
    pub(super) fn serves(&self) -> bool {
        matches!(self, Self::Start(start) if start.serves())
    }
}

pub(super) fn run(context: &mut Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Start(start) => start::run(context, &start),
        Command::Status => others::status(context),
        Command::Unlock => others::unlock(context),
        Command::Lock => others::lock(context),
        Command::Stop => others::stop(context),
    }
}
