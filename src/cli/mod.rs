//! All that a person sees: arguments, prompts, progress, text and JSON, exit codes.

mod agent;
mod args;
mod config;
mod context;
mod doctor;
mod exit;
mod failure;
mod interrupt;
mod key;
mod logins;
mod password;
mod pins;
mod progress;
mod recorded;
mod reply;
mod result;
mod secrets;
mod setup;
mod signer;
mod sms;
mod terminal;
mod token;
mod waiting;
mod wallet;

use args::Command;
use context::Context;
use exit::Exit;
use failure::Failure;
use reply::Reply;

/// Runs the program with the arguments and the environment of the process, and returns its exit
/// status. All that it printed is out, and every module is finalised.
pub fn main() -> u8 {
    // First of all: no other thread is there yet.
    let secrets = secrets::take();
    secrets::no_core_dumps();
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match args::parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => return args::refuse(error, &arguments),
    };
    let name = cli.command.name();
    let raw = cli.global.raw;
    let signals = if cli.command.handles_signals() {
        Ok(())
    } else {
        interrupt::install()
    };
    let outcome = signals
        .map_err(|error| Failure::new(Exit::Failed, format!("signals cannot be handled: {error}")))
        .and_then(|()| match cli.command {
            // These tell of a configuration that no other command would start with.
            Command::Config(command) => config::run(&cli.global, &secrets, &cli.given, command.0),
            Command::Doctor(command) => doctor::run(cli.global, secrets, command.0),
            command => run(&mut Context::new(cli.global, secrets)?, command),
        });
    match outcome {
        Ok(reply) => reply.print(name, raw),
        Err(failure) => failure.print(name, raw),
    }
}

fn run(context: &mut Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Result(command) => result::run(context, command.0),
        Command::Key(command) => key::run(context, command.0),
        Command::Token(command) => token::run(context, command.0),
        Command::Wallet(command) => wallet::run(context, command.0),
        Command::Agent(command) => agent::run(context, command.0),
        Command::Setup(command) => setup::run(context, &command.0),
        // They are run without a context, or with one of their own.
        Command::Config(_) | Command::Doctor(_) => Ok(Reply::default()),
    }
}
