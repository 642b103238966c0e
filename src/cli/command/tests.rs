#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::archive::ArchiveError;
use crate::beneficiary::key_file::KeyFileError;
use crate::chain::ChainError;
use crate::cli::options::{Fallback, Form, Kind, SETTINGS, Setting};
use crate::cli::ui::hints;
use crate::decrypt::OutputError;
use crate::sms::SmsError;
use crate::token::{Remedy, TokenError};
use crate::wallet::LocateError;
use crate::wallet::address::Address;

const BEGIN: &str = "<!-- Made from the declaration of the settings. -->\n\n";
const END: &str = "\nThe address of an SMS goes before";

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_book_has_the_table_of_the_settings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let right = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("WRITE_BOOK").is_some() {
        return fs::write(path, &right).unwrap();
    }
    assert!(
        page == right,
        "WRITE_BOOK=1 makes this test write the table"
    );
}

/// The settings in the order of their declaration.
fn table() -> String {
    let mut program = Cli::command();
    program.build();
    let mut table = String::from(
        "| option | environment variable | key in the file | default |\n|---|---|---|---|\n",
    );
    for setting in SETTINGS.iter() {
        let cells = [
            option(setting, &program),
            variable(setting),
            key(setting),
            default(setting),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

fn option(setting: &Setting, program: &clap::Command) -> String {
    let Some(value) = &setting.value else {
        return "-".into();
    };
    let name = setting.name();
    let of = setting.value_name.replace('|', "\\|");
    let mut text = match value.form {
        Form::Switch => format!("`--{name}[={of}]`"),
        _ => format!("`--{name} {of}`"),
    };
    if let Some(alias) = setting.alias {
        text.push_str(&format!(" (`--{alias}`)"));
    }
    if !setting.is_global {
        let mut commands = Vec::new();
        takers(setting, program, "", &mut commands);
        match commands.len() {
            0..=4 => text.push_str(&format!(" (of {})", commands.join(", "))),
            count => text.push_str(&format!(" (of {count} commands)")),
        }
    }
    text
}

/// The commands that have the option.
fn takers(setting: &Setting, command: &clap::Command, above: &str, found: &mut Vec<String>) {
    for command in command.get_subcommands() {
        let name = format!("{above}{}", command.get_name());
        if command
            .get_arguments()
            .any(|arg| arg.get_id() == setting.id)
        {
            found.push(format!("`{name}`"));
        }
        takers(setting, command, &format!("{name} "), found);
    }
}

fn variable(setting: &Setting) -> String {
    let erased = match setting.kind {
        Kind::Secret => " (taken and erased)",
        _ => "",
    };
    format!("`{}`{erased}", setting.variable())
}

fn key(setting: &Setting) -> String {
    let form = setting.value.as_ref().map(|value| value.form);
    match (setting.kind, form) {
        (Kind::Anywhere, Some(Form::Size)) => {
            format!(
                "`{}`, a number of bytes or a text such as `\"32G\"`",
                setting.name()
            )
        }
        (Kind::Anywhere, _) => format!("`{}`", setting.name()),
        _ => "-".into(),
    }
}

/// The default as the help has it, else in full.
fn default(setting: &Setting) -> String {
    let told = setting.help.split_once(" [default: ");
    match (told, setting.default) {
        (Some((_, told)), Fallback::Is(_)) => format!("`{}`", told.trim_end_matches(']')),
        (_, Fallback::Is(value)) => format!("`{value}`"),
        (_, Fallback::Words(words)) => words.into(),
        (_, Fallback::Nothing) => "-".into(),
    }
}

/// The code of all source files that speak to people, without its tests and remarks.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("\nmod tests {").next().unwrap();
                let is_told = |line: &&str| {
                    let line = line.trim_start();
                    line.starts_with("///") || !line.starts_with("//")
                };
                let lines: Vec<_> = code.lines().filter(is_told).collect();
                found.push((path, lines.join("\n")));
            }
        }
    }
    let mut found = Vec::new();
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    walk(&top, &mut found);
    found
}

/// The command lines of this program between backticks.
fn commands_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("`iexec-hsm ").filter_map(|(at, _)| {
        let line = text[at + 1..].split('`').next()?;
        // A family of commands, in a remark.
        (!line.contains('…')).then_some(line)
    })
}

/// The words of a command line, with something in the place of what a person puts in.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut left_out) = (false, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = words.last_mut().unwrap();
        match character {
            '\\' if !quoted => last.extend(characters.next()),
            '\'' => quoted = !quoted,
            ' ' if !quoted && !left_out => words.push(String::new()),
            '<' if !quoted => left_out = true,
            '>' if left_out => {
                left_out = false;
                last.push('x');
            }
            _ if left_out => {}
            it => last.push(it),
        }
    }
    words
}

/// Asserts that a command line is one that the program takes.
#[track_caller]
fn is_taken(line: &str) {
    let words = words(line);
    let page: Vec<OsString> = words.iter().map(OsString::from).collect();
    if asked_options(&page).is_some() {
        return;
    }
    let taken = Cli::command().try_get_matches_from(words);
    let is_help = |error: &clap::Error| error.kind() == ErrorKind::DisplayHelp;
    if let Err(error) = taken.map(drop)
        && !is_help(&error)
    {
        panic!("{line}: {error}");
    }
}

#[test]
fn every_command_that_people_are_told_to_run_is_taken() {
    let mut seen = 0;
    for (path, code) in sources() {
        for line in commands_in(&code) {
            assert!(!line.contains('{'), "{}: {line}", path.display());
            seen += 1;
            is_taken(line);
        }
    }
    assert!(seen > 40, "commands were found: {seen}");
    let uri = || "pkcs11:serial=1;object=it's;id=%01".to_owned();
    let path = || PathBuf::from("/a b/it's_key");
    let token = |remedy| TokenError::NotSupported {
        what: "no".into(),
        remedy,
    };
    for hint in [
        hints::token(&token(Remedy::InitialiseAgain("-a 'b".into()))),
        hints::token(&token(Remedy::AdoptOrDelete(uri()))),
        hints::token(&token(Remedy::Delete(uri()))),
        hints::key_file(&KeyFileError::SoftwareKey { path: path() }),
        hints::key_file(&KeyFileError::WouldDestroySoftwareKey { path: path() }),
    ] {
        assert!(commands_in(&hint).count() > 0, "{hint}");
        commands_in(&hint).for_each(is_taken);
    }
}

/// The long options that a text speaks of.
fn options_in(text: &str) -> Vec<&str> {
    let begins = |at: usize| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|it| !it.is_alphanumeric() && it != '-' && it != '\'')
    };
    let is_part = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    let all = text.match_indices("--").filter(|(at, _)| begins(*at));
    all.map(|(at, _)| text[at + 2..].split(|it| !is_part(it)).next().unwrap())
        .filter(|name| name.starts_with(|it: char| it.is_ascii_lowercase()))
        .collect()
}

/// The long options of a command, and of all commands below it.
fn options_of(command: &clap::Command) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for arg in command.get_arguments() {
        let all = arg.get_long_and_visible_aliases().unwrap_or_default();
        names.extend(all.into_iter().map(str::to_owned));
    }
    for below in command.get_subcommands() {
        names.extend(options_of(below));
    }
    names
}

/// The command of these words, with the options of all commands in it.
fn command_of(words: &str) -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for word in words.split(' ') {
        command = command.find_subcommand(word).unwrap().clone();
    }
    command
}

#[test]
fn every_option_that_people_are_told_of_exists() {
    let mut program = Cli::command();
    program.build();
    let mut known = options_of(&program);
    // That of the SDK, which is refused.
    known.insert("password".into());
    // Those of systemctl and useradd.
    known.extend(["user", "now", "create-home", "home-dir"].map(str::to_owned));
    let mut seen = 0;
    for (path, code) in sources() {
        for option in options_in(&code) {
            seen += 1;
            assert!(known.contains(option), "{}: --{option}", path.display());
        }
    }
    assert!(seen > 100, "options were found: {seen}");
}

/// All commands below this one.
fn below(command: &clap::Command) -> Vec<&clap::Command> {
    let own = command.get_subcommands();
    own.flat_map(|it| [vec![it], below(it)].concat()).collect()
}

#[test]
fn each_command_that_verifies_says_where_it_stands_what_that_does_not_prove() {
    let mut program = Cli::command();
    program.build();
    let verifies = |it: &&clap::Command| {
        let mut own = it.get_arguments();
        own.any(|arg| arg.get_long() == Some("require-verified"))
    };
    let mut found = Vec::new();
    for command in below(&program).into_iter().filter(verifies) {
        let help = command.clone().render_long_help().to_string();
        let told = match command.get_name() {
            "verify" => "in an attested enclave",
            _ => {
                "`iexec-hsm result verify --help` says what is checked, and what that does not prove"
            }
        };
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(told), "{}: {help}", command.get_name());
        found.push(command.get_name());
    }
    found.sort_unstable();
    assert_eq!(found, ["pull", "run", "show", "verify"]);
}

#[test]
fn a_hint_names_options_of_the_commands_that_give_it() {
    let (address, path) = (Address::from([1; 20]), || PathBuf::from("/a"));
    let no_file = || ChainError::NotKnown { name: "x".into() };
    let origin = || "https://sms".to_owned();
    let there = SmsError::AlreadyPublished {
        owner: address,
        name: "key".into(),
    };
    let large = ArchiveError::TooLarge {
        what: "body",
        limit: 1,
    };
    let services = "result push-encryption-key,result check-encryption-key,doctor";
    let wallets = "result generate-encryption-keypair,result push-encryption-key,result check-encryption-key,key adopt,setup,wallet list";
    let made_by = "result generate-encryption-keypair";
    let not_supported = |remedy| TokenError::NotSupported {
        what: "no".into(),
        remedy,
    };
    let outputs = "result decrypt,result encrypt,key export";
    for (hint, commands) in [
        (
            hints::archive(&large).to_owned(),
            "result decrypt,result inspect",
        ),
        (hints::output(&OutputError::Exists(path())).into(), outputs),
        (hints::chain(&no_file()), services),
        (
            hints::chain(&ChainError::NoSms { chain: origin() }),
            services,
        ),
        (hints::sms(&there).into(), "result push-encryption-key"),
        (hints::locate(&LocateError::NoHome).into(), wallets),
        (
            hints::locate(&LocateError::NoAddress { path: path() }).into(),
            wallets,
        ),
        (
            hints::token(&TokenError::FinalTry("a".into())),
            "key list,result decrypt",
        ),
        (
            hints::token(&TokenError::KeyAmbiguous(vec![])),
            "key show,result decrypt",
        ),
        (hints::token(&not_supported(Remedy::OtherSize)), made_by),
        (hints::token(&not_supported(Remedy::MakeAsUser)), made_by),
        (
            hints::token(&not_supported(Remedy::OtherId)),
            "wallet create,result import-encryption-key",
        ),
    ] {
        assert!(!options_in(&hint).is_empty(), "{hint}");
        for words in commands.split(',') {
            let known = options_of(&command_of(words));
            for option in options_in(&hint) {
                assert!(known.contains(option), "{words} has no --{option}: {hint}");
            }
        }
    }
}
