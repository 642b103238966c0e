//! The command line: arguments, prompts, progress, text and JSON, exit codes.

mod adopt_key;
mod agent_beside;
mod agent_keys;
mod agent_link;
mod claims;
mod command;
mod commands;
mod config;
mod context;
mod evidence_file;
mod factory_pins;
mod gateways;
mod idle;
mod init_token;
mod key_choice;
mod key_facts;
mod key_files;
mod key_records;
mod locating;
mod make_key;
mod module_probe;
mod module_process;
mod named_address;
mod no_key_here;
mod node;
mod options;
mod password;
mod pin_effect;
mod pins;
mod progress;
mod secrets;
mod sending;
mod services;
mod signer;
mod taken_pin;
mod token_sessions;
mod trusted_hosts;
mod ui;
mod verification;
mod verifying;

use crate::code::Code;
use crate::decrypt::Temporaries;
use agent_beside::mind_agent;
use clap::CommandFactory as _;
use command::{Cli, Command};
use commands::{account, agent, app, deal, doctor, key, result, setup, task, token, wallet};
use context::Context;
use secrets::Secrets;
use serde_json::json;
use ui::failure::Failure;
use ui::reply::Reply;

/// Runs the program with the arguments and the environment of the process, and returns its exit
/// status. All that it printed is out, and every module is finalised.
pub fn main() -> u8 {
    // First of all: no other thread is there yet.
    let secrets = secrets::take();
    secrets::no_core_dumps();
    let arguments: Vec<_> = std::env::args_os().collect();
    if module_probe::is_meant(&arguments) {
        return module_probe::run();
    }
    if let Some(page) = command::asked_options(&arguments) {
        return Reply::new(json!({ "page": page }))
            .exact(page.trim_end())
            .print("help options", false);
    }
    let cli = match command::parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => return command::refuse(error, &arguments),
    };
    let name = cli.global.command.clone();
    let raw = cli.global.raw;
    if !cli.command.is_worker() {
        ui::calls::tell_of(&cli.global);
    }
    let temporaries = Temporaries::default();
    let signals = if cli.command.handles_signals() {
        Ok(())
    } else {
        ui::interrupt::install(temporaries.clone())
    };
    let outcome = signals
        .map_err(|error| Failure::new(Code::Failed, format!("signals cannot be handled: {error}")))
        .and_then(|()| run(cli, secrets, &temporaries));
    match outcome {
        Ok(reply) => reply.print(&name, raw),
        Err(failure) => failure.print(&name, raw),
    }
}

/// Runs the command in what options, environment and configuration say.
fn run(cli: Cli, secrets: Secrets, temporaries: &Temporaries) -> Result<Reply, Failure> {
    let (global, given) = (cli.global, cli.given);
    let context =
        |global, given, secrets| Context::new(global, given, secrets, temporaries.clone());
    let beside = |context: &Context, done: Result<Reply, Failure>| {
        done.map_err(|failure| mind_agent(context, failure))
    };
    match cli.command {
        Command::Result(command) => {
            let context = context(global, given, secrets)?;
            beside(&context, result::run(&context, command))
        }
        Command::Key(command) => {
            let context = context(global, given, secrets)?;
            beside(&context, key::run(&context, command))
        }
        Command::Token(command) => {
            let context = context(global, given, secrets)?;
            beside(&context, token::run(&context, command))
        }
        Command::Wallet(command) => {
            let context = context(global, given, secrets)?;
            beside(&context, wallet::run(&context, command))
        }
        Command::Task(command) => task::run(&context(global, given, secrets)?, command),
        Command::Deal(command) => deal::run(&context(global, given, secrets)?, command),
        Command::App(command) => app::run(&context(global, given, secrets)?, command),
        Command::Account(command) => account::run(&context(global, given, secrets)?, command),
        Command::Agent(command) => agent::run(context(global, given, secrets)?, command),
        Command::Setup(command) => setup::run(context(global, given, secrets)?, &command),
        // These work with a configuration that is wrong, too.
        Command::Config(command) => commands::config::run(&global, &secrets, given, command),
        Command::Doctor(command) => doctor::run(
            |entries| Context::with(global, given, secrets, temporaries.clone(), entries),
            command,
        ),
        Command::Completions(command) => Ok(command.run(Cli::command())),
        Command::Man(command) => command.run(Cli::command(), temporaries),
    }
}
