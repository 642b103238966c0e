//! What was probably meant by a command or an option that does not exist.

mod other_words;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use other_words::{of_sdk, other_word};

/// As many commands as are named where one of them was probably meant.
const MOST: usize = 3;

/// Options that would show a secret to every user of the machine, and where the secret is taken from.
const SECRETS: [(&str, &str); 5] = [
    (
        "password",
        "Publishing takes the wallet's password from --password-file, IEXEC_HSM_WALLET_PASSWORD or the terminal; nothing else needs it.",
    ),
    (
        "pin",
        "The PIN is taken from --pin-file, IEXEC_HSM_PIN or the terminal.",
    ),
    (
        "so-pin",
        "The SO PIN is taken from --so-pin-file, IEXEC_HSM_SO_PIN or the terminal.",
    ),
    (
        "wallet-key",
        "The private key of a wallet is taken from IEXEC_HSM_WALLET_KEY.",
    ),
    (
        "wallet-password",
        "The wallet's password is taken from --password-file, IEXEC_HSM_WALLET_PASSWORD or the terminal.",
    ),
];

/// A secret as an option: what is said of it, and where else it is taken from.
pub(super) fn secret(error: &clap::Error) -> Option<(String, &'static str)> {
    let named = named(error, ErrorKind::UnknownArgument, ContextKind::InvalidArg)?;
    let named = named.strip_prefix("--")?;
    let (option, instead) = SECRETS.into_iter().find(|(option, _)| *option == named)?;
    let what = format!(
        "--{option} is not taken: every user of this machine can see it in the list of processes"
    );
    Some((what, instead))
}

/// What is said of a word that is no command: the command that was probably meant, or those that are there. `group_before`
/// has the commands that stand before the word.
pub(super) fn elsewhere(
    error: &clap::Error,
    program: &Command,
    group_before: impl Fn(&str) -> String,
) -> Option<String> {
    let word = named(
        error,
        ErrorKind::InvalidSubcommand,
        ContextKind::InvalidSubcommand,
    )?;
    let group = &group_before(word);
    if let Some(tip) = other_word(group, word) {
        return Some(tip.to_owned());
    }
    if let Some(command) = of_sdk(group, word) {
        return Some(format!(
            "`iexec {command}` is a command of the iExec SDK; iexec-hsm does not have it."
        ));
    }
    let mut found = Vec::new();
    paths(program, program.get_name(), word, &mut found);
    match found.len() {
        1..=MOST => Some(format!("Was {} meant?", found.join(" or "))),
        // clap knows a name that is nearly this one, or it is one of many.
        _ if error.get(ContextKind::SuggestedSubcommand).is_some() => None,
        _ => inside(program, group),
    }
}

/// The commands of a group.
fn inside(program: &Command, group: &str) -> Option<String> {
    if group.is_empty() {
        return None;
    }
    let found = group
        .split(' ')
        .try_fold(program, Command::find_subcommand)?;
    let shown = found.get_subcommands().filter(|it| !it.is_hide_set());
    let names: Vec<&str> = shown
        .map(Command::get_name)
        .filter(|it| *it != "help")
        .collect();
    (!names.is_empty()).then(|| format!("`{group}` has: {}.", names.join(", ")))
}

/// The commands in `command` that have this name, each with what is before it.
fn paths(command: &Command, above: &str, word: &str, found: &mut Vec<String>) {
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        let path = format!("{above} {}", inner.get_name());
        if inner.get_name() == word || inner.get_all_aliases().any(|it| it == word) {
            found.push(format!("`{path}`"));
        }
        paths(inner, &path, word, found);
    }
}

fn named(error: &clap::Error, kind: ErrorKind, of: ContextKind) -> Option<&str> {
    match error.get(of) {
        Some(ContextValue::String(name)) if error.kind() == kind => Some(name),
        _ => None,
    }
}
