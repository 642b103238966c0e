mod deferred;
mod given;
mod values;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(super) use deferred::Deferred;
pub(super) use given::{Given, Source};
pub(super) use values::{
    check_timeout, label_parser, parse_id, parse_limit, parse_size, parse_time, parse_timeout,
    parse_token,
};

use super::exit::Exit;
use super::failure::Failure;
use super::sms::SmsArgs;
use super::{agent, config, doctor, key, manual, result, setup, token, wallet};
use crate::token::Uri;
use crate::wallet::address::Address;

/// Open encrypted iExec results with a key that never leaves its token.
///
/// The private key is made on a PKCS#11 token (YubiHSM 2, smartcard, TPM, SoftHSM2) and stays
/// there; results are decrypted on this machine. Commands and options are those of the iExec SDK.
#[derive(Debug, Parser)]
#[command(name = "iexec-hsm", version, max_term_width = 100)]
#[command(
    after_help = "Examples:\n  iexec-hsm setup\n  iexec-hsm doctor\n  iexec-hsm result decrypt encryptedResults.zip --extract result\n\nExit status: 0 done, 2 usage, 10-16 token, PIN and key, 20 cannot decrypt, 21 not an archive, 22 output exists, 23 reading or writing failed, 24 too large, 30-33 publishing, 40 no agent. docs/json-and-exit-codes.md has all."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: Global,
    /// What options and environment say, where it is to be told.
    #[arg(skip)]
    pub(super) given: Given,
}

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(super) enum Command {
    /// Make and publish the result key, open results, seal test data
    #[command(
        subcommand,
        visible_alias = "results",
        after_help = "Examples:\n  iexec-hsm result generate-encryption-keypair\n  iexec-hsm result push-encryption-key --tee-framework scone\n  iexec-hsm result decrypt encryptedResults.zip --extract result"
    )]
    Result(Deferred<result::Command>),
    /// Look after the result keys on a token
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm key list\n  iexec-hsm key show 'pkcs11:token=demo;id=%01'"
    )]
    Key(Deferred<key::Command>),
    /// Tokens and their state
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm token list\n  iexec-hsm token info --token demo"
    )]
    Token(Deferred<token::Command>),
    /// The wallets that sign
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm wallet list\n  iexec-hsm wallet create"
    )]
    Wallet(Deferred<wallet::Command>),
    /// Unlock the token once for many uses
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm agent start --detach\n  iexec-hsm agent unlock\n  iexec-hsm agent stop"
    )]
    Agent(Deferred<agent::Command>),
    /// What is set, and where
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm config show\n  iexec-hsm config check config.toml"
    )]
    Config(Deferred<config::Command>),
    /// Tell what is wrong with this set-up, and what to do
    Doctor(Deferred<doctor::Doctor>),
    /// Make a token and a key ready, and write the configuration, in a short dialogue
    Setup(Deferred<setup::Setup>),
    /// Print what completes commands and options in a shell
    Completions(manual::Completions),
    /// Print a manual page, or write them all
    Man(manual::Manual),
}

impl Command {
    /// Its name as people type it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Result(command) => command.0.name(),
            Self::Key(command) => command.0.name(),
            Self::Token(command) => command.0.name(),
            Self::Wallet(command) => command.0.name(),
            Self::Agent(command) => command.0.name(),
            Self::Config(command) => command.0.name(),
            Self::Doctor(_) => doctor::NAME,
            Self::Setup(_) => setup::NAME,
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// The options that say which SMS, of the commands that speak to one.
    fn sms(&mut self) -> Option<&mut SmsArgs> {
        match self {
            Self::Result(command) => command.0.sms(),
            Self::Doctor(command) => Some(&mut command.0.sms),
            _ => None,
        }
    }

    /// Whether it does something else on a signal than end.
    pub(super) fn handles_signals(&self) -> bool {
        matches!(self, Self::Agent(command) if command.0.serves())
    }
}

/// Options of every command. What is not given here or in the environment comes from the
/// configuration file.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Print one line of JSON, to stdout on success and to stderr on failure
    #[arg(long, global = true)]
    pub(super) raw: bool,
    /// Print no progress
    #[arg(long, global = true)]
    pub(super) quiet: bool,
    /// Say on stderr what is used and done; not with --raw
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
    /// Never ask: fail at once and name what to set
    #[arg(long, global = true)]
    pub(super) no_input: bool,
    /// The PKCS#11 module to load; without it p11-kit's proxy and well-known paths are tried
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_MODULE",
        hide_env_values = true
    )]
    pub(super) module: Option<PathBuf>,
    /// What that module wants to be initialised with, in a form of its own
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        env = "IEXEC_HSM_MODULE_ARGS",
        hide_env_values = true
    )]
    pub(super) module_args: Option<String>,
    /// The token to use: its label or its PKCS#11 URI
    #[arg(long, global = true, value_name = "LABEL|URI", env = "IEXEC_HSM_TOKEN", hide_env_values = true, value_parser = parse_token)]
    pub(super) token: Option<Uri>,
    /// The result key to use: its PKCS#11 URI
    #[arg(
        long,
        global = true,
        value_name = "URI",
        env = "IEXEC_HSM_KEY",
        hide_env_values = true
    )]
    pub(super) key: Option<Uri>,
    /// A file whose first line is the PIN
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "IEXEC_HSM_PIN_FILE",
        hide_env_values = true
    )]
    pub(super) pin_file: Option<PathBuf>,
    /// Use the last PIN try that the token grants
    #[arg(long, global = true)]
    pub(super) final_pin_try: bool,
    /// The beneficiary's address
    #[arg(long, global = true, value_name = "ADDRESS", env = "IEXEC_HSM_WALLET_ADDRESS", hide_env_values = true, value_parser = Address::parse_beneficiary)]
    pub(super) wallet_address: Option<Address>,
    /// The wallet's file in the keystore folder; unlocked for publishing alone
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "IEXEC_HSM_WALLET_FILE",
        hide_env_values = true
    )]
    pub(super) wallet_file: Option<PathBuf>,
    /// The keystore folder: global, local or a path
    #[arg(
        long,
        global = true,
        value_name = "global|local|PATH",
        env = "IEXEC_HSM_KEYSTOREDIR",
        hide_env_values = true
    )]
    pub(super) keystoredir: Option<PathBuf>,
    /// The folder of the beneficiary's key files [default: .secrets/beneficiary]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_BENEFICIARY_KEYSTOREDIR",
        hide_env_values = true
    )]
    pub(super) beneficiary_keystoredir: Option<PathBuf>,
    /// The agent's socket [default: $XDG_RUNTIME_DIR/iexec-hsm/agent.sock]
    #[arg(
        long,
        visible_alias = "socket",
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_AGENT_SOCK",
        hide_env_values = true
    )]
    pub(super) agent_sock: Option<PathBuf>,
}

/// The arguments, with what the environment says in the place of those that are not there.
pub(super) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let typed = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    // Of the two, the file wins; but not one from the environment over a typed address.
    if typed("wallet_address") && !typed("wallet_file") {
        cli.global.wallet_file = None;
    }
    let deepest = deepest(&matches);
    if let Command::Config(_) = cli.command {
        cli.given = Given::of(deepest);
    }
    let typed = |name| {
        deepest.try_contains_id(name).is_ok()
            && deepest.value_source(name) == Some(ValueSource::CommandLine)
    };
    if typed("chain")
        && !typed("sms_url")
        && let Some(sms) = cli.command.sms()
    {
        sms.sms_url = None;
    }
    Ok(cli)
}

/// What the innermost command was given.
fn deepest(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => deepest(inner),
        None => matches,
    }
}

/// Prints what is wrong with the arguments, as JSON where `--raw` is among them; help and version
/// are no failure.
pub(super) fn refuse(mut error: clap::Error, arguments: &[OsString]) -> u8 {
    if error.kind() == ErrorKind::ValueValidation {
        // The refused value may be a PIN in a URI or a private key in the place of an address.
        let hidden = ContextValue::String("…".into());
        error.insert(ContextKind::InvalidValue, hidden);
    }
    if is_password(&error) {
        let raw = arguments.iter().any(|it| it == "--raw");
        let what = "--password is not taken: every user of this machine can see it in the list of processes";
        return Failure::new(Exit::Usage, what)
            .hint("Publishing takes the wallet's password from --password-file, IEXEC_HSM_WALLET_PASSWORD or the terminal; nothing else needs it.")
            .print(&typed(arguments), raw);
    }
    if !error.use_stderr() || !arguments.iter().any(|it| it == "--raw") {
        // With the stream gone there is nobody to tell.
        let _ = error.print().and_then(|()| io::stdout().flush());
        return if error.use_stderr() {
            Exit::Usage.status()
        } else {
            Exit::Done.status()
        };
    }
    let text = error.render().to_string();
    let first = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    Failure::new(Exit::Usage, first)
        .hint(suggestion(&error))
        .print(&typed(arguments), true)
}

/// The name that was probably meant, or where all names are.
fn suggestion(error: &clap::Error) -> String {
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    let close = kinds.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(name)) => Some(name),
        // The closest one is the last.
        Some(ContextValue::Strings(names)) => names.last(),
        _ => None,
    });
    close.map_or_else(
        || "`iexec-hsm --help` lists the commands and options.".to_owned(),
        |name| format!("Was `{name}` meant?"),
    )
}

/// Whether the SDK's option for the wallet's password was given.
fn is_password(error: &clap::Error) -> bool {
    let named = error.get(ContextKind::InvalidArg);
    error.kind() == ErrorKind::UnknownArgument
        && matches!(named, Some(ContextValue::String(name)) if name == "--password")
}

/// The command as far as it can be told from arguments that did not parse. Only names of commands
/// are repeated: any other word may be a secret.
fn typed(arguments: &[OsString]) -> String {
    let mut command = Cli::command();
    command.build();
    let mut command = &command;
    let mut names = Vec::new();
    for word in arguments.iter().skip(1) {
        if let Some(found) = command.find_subcommand(word) {
            names.push(found.get_name());
            command = found;
        }
    }
    names.join(" ")
}

#[cfg(test)]
mod tests;
