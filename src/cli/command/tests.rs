#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::cli::options::{Fallback, Form, Kind, SETTINGS, Setting};

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
        text.push_str(&format!(" (of {})", commands.join(", ")));
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
