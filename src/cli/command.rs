mod help;
mod meant;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::commands::{
    account, agent, app, completions, config, deal, doctor, key, manual, result, setup, task,
    token, wallet,
};
use super::options::{Given, Global, SETTINGS};
use super::ui::failure::Failure;
use super::ui::reply::DONE;
use crate::code::Code;
use crate::text::escape::Shown as _;

const EXAMPLES: &str = "Examples:
  iexec-hsm setup
  iexec-hsm doctor
  iexec-hsm result decrypt encryptedResults.zip --extract result";

/// Characters of the longest value that is repeated where it is refused. A private key has more.
const LONGEST_REPEATED: usize = 60;

const EXIT_STATUS: &str = "Exit status: 0 done, 2 usage, 10-16 token, PIN and key, 20 cannot decrypt, 21 not an archive, 22 output exists, 23 reading or writing failed, 24 too large, 30-33 publishing, 34-38 the chain, 40 no agent, 41 task failed, 42 not there yet, 50-51 verification. `iexec-hsm man` lists all.";

/// Open encrypted iExec results with a key that never leaves its token.
///
/// The private key is made on a PKCS#11 token (YubiHSM 2, smartcard, TPM, SoftHSM2) and stays
/// there; results are decrypted on this machine. Commands and options have the names that they have in the iExec SDK.
#[derive(Debug, Parser)]
#[command(name = "iexec-hsm", version, max_term_width = 100, help_template = help::of_program())]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
    /// The settings in options and environment.
    #[arg(skip)]
    pub(crate) given: Given,
}

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Make and publish the result key, open results, seal test data
    #[command(
        subcommand,
        visible_alias = "results",
        after_help = "Examples:\n  iexec-hsm result generate-encryption-keypair\n  iexec-hsm result push-encryption-key --tee-framework scone\n  iexec-hsm result decrypt encryptedResults.zip --extract result"
    )]
    Result(result::Command),
    /// Run an app, and get its result
    #[command(
        subcommand,
        visible_alias = "apps",
        after_help = "Example:\n  iexec-hsm app run 0x41729D682e8e7959492794F67f5445b24eE6f5ed --encrypt-result --watch --extract result/"
    )]
    App(app::Command),
    /// Show tasks on the chain, download and open their results
    #[command(
        subcommand,
        visible_alias = "tasks",
        after_help = "Examples:\n  iexec-hsm task show 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712\n  iexec-hsm task show 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712 --watch"
    )]
    Task(task::Command),
    /// Show deals on the chain and their tasks
    #[command(
        subcommand,
        visible_alias = "deals",
        after_help = "Example:\n  iexec-hsm deal show 0x62f18e42f98f3e894ac89b4398a1511fdc1466e61a137738d7c6df607eee5796 --watch"
    )]
    Deal(deal::Command),
    /// Show, deposit and withdraw the funds of an account
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm account show\n  iexec-hsm account deposit 1.5 RLC"
    )]
    Account(account::Command),
    /// List, adopt, export and delete the result keys on a token
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm key list\n  iexec-hsm key show 'pkcs11:token=demo;id=%01'"
    )]
    Key(key::Command),
    /// List and set up tokens
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm token list\n  iexec-hsm token info --token demo"
    )]
    Token(token::Command),
    /// List and create the wallets that sign
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm wallet list\n  iexec-hsm wallet create"
    )]
    Wallet(wallet::Command),
    /// Unlock the token once for many uses
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm agent start --detach\n  iexec-hsm agent unlock\n  iexec-hsm agent stop"
    )]
    Agent(agent::Command),
    /// Show the settings and where they come from
    #[command(
        subcommand,
        after_help = "Examples:\n  iexec-hsm config show\n  iexec-hsm config check config.toml"
    )]
    Config(config::Command),
    /// Check the whole set-up, and say what to fix
    ///
    /// It looks at the configuration, this machine, modules, tokens, keys, agent, wallet and services, by the rules of
    /// all other commands. Nothing is changed, and no PIN is tried without --login or --selftest. The exit code is that
    /// of the first part that is broken.
    Doctor(doctor::Doctor),
    /// Prepare a token and a key and write the configuration, step by step
    ///
    /// It finds modules and tokens, initialises an empty token, makes a key or adopts one that is there, and writes the
    /// configuration. With --no-input, options give the answers.
    Setup(setup::Setup),
    /// Print a shell completion script
    ///
    /// Load it in the start file of your shell.
    Completions(completions::Completions),
    /// Print a manual page, or write them all to a folder
    ///
    /// The pages are made from the definition of the commands, so they are those of this version.
    Man(manual::Manual),
}

impl Command {
    /// Whether it does something else on a signal than end.
    pub(crate) fn handles_signals(&self) -> bool {
        matches!(self, Self::Agent(command) if command.serves())
    }

    /// Whether this process is one that an agent has started for a module.
    pub(crate) fn is_worker(&self) -> bool {
        matches!(self, Self::Agent(command) if command.is_worker())
    }
}

/// The arguments, with what the environment says in the place of those that are not there.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut program = help::shortened(Cli::command());
    if arguments.iter().any(|it| it == "-h") {
        program = help::brief_for(program, arguments);
    }
    let matches = program.try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.given = Given::of(deepest(&matches));
    if let Command::Key(command) = &cli.command
        && let Some(uri) = command.named()
    {
        cli.given = cli.given.typed(&SETTINGS.key, uri.to_string());
    }
    cli.global.command = name(&matches);
    Ok(cli)
}

/// The page of the options of every command, where the arguments ask for it.
pub(crate) fn asked_options(arguments: &[OsString]) -> Option<String> {
    let words = arguments.get(1..3)?;
    let asks = words[0] == "help" && words[1] == "options";
    asks.then(|| help::of_every_command(&Cli::command()).to_string())
}

/// Returns the names of a command and of those inside.
fn name(matches: &ArgMatches) -> String {
    match matches.subcommand() {
        Some((outer, matches)) => format!("{outer} {}", name(matches)).trim_end().to_owned(),
        None => String::new(),
    }
}

/// Returns the matches of the innermost command.
fn deepest(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => deepest(inner),
        None => matches,
    }
}

/// The value that was refused, as it is repeated. Where it may be a secret in the wrong place, such as a PIN in a URI or a
/// private key as an address, it is not.
fn refused_value(error: &clap::Error) -> String {
    const MAY_BE_SECRET: [&str; 8] = [
        "KEY", "URI", "URL", "ADDRESS", "HOSTS", "JSON", "TEXT", "NAME",
    ];
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (option, value) = (
        text(ContextKind::InvalidArg),
        text(ContextKind::InvalidValue),
    );
    let is_long = value.len() > LONGEST_REPEATED;
    match is_long || MAY_BE_SECRET.iter().any(|it| option.contains(it)) {
        true => "…".to_owned(),
        false => value.to_owned(),
    }
}

/// Prints what is wrong with the arguments, as JSON where `--raw` is among them; help and version
/// are no failure.
pub(crate) fn refuse(mut error: clap::Error, arguments: &[OsString]) -> u8 {
    keep_in_line(&mut error);
    if error.kind() == ErrorKind::ValueValidation {
        let shown = ContextValue::String(refused_value(&error));
        error.insert(ContextKind::InvalidValue, shown);
    }
    if error.kind() == ErrorKind::MissingRequiredArgument {
        // clap names the options that the environment sets as well.
        let usage = ContextValue::StyledStr(usage(arguments));
        error.insert(ContextKind::Usage, usage);
    }
    let raw = ["--raw", "--json"].map(OsString::from);
    let raw = arguments.iter().any(|it| raw.contains(it));
    if let Some((what, instead)) = meant::secret(&error) {
        return Failure::new(Code::Usage, what)
            .hint(instead)
            .print(&typed(arguments), raw);
    }
    let elsewhere = meant::elsewhere(&error, &Cli::command(), |word| {
        typed(until(arguments, word))
    });
    if let Some(tip) = &elsewhere {
        error.remove(ContextKind::SuggestedSubcommand);
        let tip = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    if !error.use_stderr() || !raw {
        // With the stream gone there is nobody to tell.
        let _ = error.print().and_then(|()| io::stdout().flush());
        return if error.use_stderr() {
            Code::Usage.exit()
        } else {
            DONE
        };
    }
    let text = error.render().to_string();
    // What is missing stands in lines of its own.
    let lines = text.lines().take_while(|line| !line.is_empty());
    let lines: Vec<&str> = lines.map(str::trim).collect();
    let what = lines.join(" ");
    Failure::new(Code::Usage, what.trim_start_matches("error: "))
        .hint(elsewhere.unwrap_or_else(|| suggestion(&error)))
        .print(&typed(arguments), true)
}

/// Escapes what was typed where the message repeats it: a shell puts the names of files there.
fn keep_in_line(error: &mut clap::Error) {
    let repeated: Vec<_> = error
        .context()
        .map(|(kind, it)| (kind, it.clone()))
        .collect();
    for (kind, value) in repeated {
        let shown = match value {
            ContextValue::String(text) => ContextValue::String(text.shown().into_owned()),
            ContextValue::Strings(texts) => {
                let shown = texts.iter().map(|text| text.shown().into_owned());
                ContextValue::Strings(shown.collect())
            }
            ContextValue::StyledStrs(tips) => {
                let shown = tips.into_iter().map(|tip| match tip.to_string().shown() {
                    // It keeps its colours.
                    Cow::Borrowed(_) => tip,
                    Cow::Owned(text) => text.into(),
                });
                ContextValue::StyledStrs(shown.collect())
            }
            _ => continue,
        };
        error.insert(kind, shown);
    }
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

/// How the command is used that the arguments name.
fn usage(arguments: &[OsString]) -> StyledStr {
    let mut program = Cli::command();
    program.build();
    let names = typed(arguments);
    let mut names = names.split(' ').filter(|it| !it.is_empty());
    let named = names.try_fold(&mut program, |inside, name| {
        inside.find_subcommand_mut(name)
    });
    named.map(clap::Command::render_usage).unwrap_or_default()
}

/// The arguments before the first one that is this word.
fn until<'a>(arguments: &'a [OsString], word: &str) -> &'a [OsString] {
    let found = arguments.iter().position(|it| it == word);
    &arguments[..found.unwrap_or(arguments.len())]
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
