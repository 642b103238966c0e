//! The short help, which has of each command its own options alone.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, Command};

/// The last line of each short help.
const REST: &str = "More: --help; options of every command: iexec-hsm help options";

/// Letters of the longest name of a value that the short help has.
const LONGEST_VALUE: usize = 9;

/// Letters of the longest word that an example of the short help has; the id of a task has more.
const LONGEST_WORD: usize = 30;

/// What the help of the program begins with: the commands that people need first.
const FIRST_STEPS: &str = "\
{about-with-newline}
{usage-heading} {usage}

First steps:
  setup                       Prepare a token and a key
  result push-encryption-key  Publish the public key that seals results
  app run                     Run an app, and open its result
  task pull                   Download and open all new results
  result decrypt              Open a result that was downloaded
  agent start                 Unlock the token once for many uses
  doctor                      Check the set-up

Commands:
";

/// The long help of the program.
pub(super) fn of_program() -> String {
    format!("{FIRST_STEPS}{{subcommands}}\n\nOptions:\n{{options}}{{after-help}}")
}

/// Ends the short help of `command`, and of those in it, with where the other options are.
pub(super) fn shortened(command: Command) -> Command {
    let own = command.get_after_help().cloned().unwrap_or_default();
    let short = format!("{own}\n\n{REST}");
    let long = command.get_after_long_help().cloned().unwrap_or(own);
    command
        .after_help(StyledStr::from(short.trim_start().to_owned()))
        .after_long_help(long)
        .mut_subcommands(shortened)
}

/// The brief help of the command that the arguments name.
pub(super) fn brief_for(program: Command, arguments: &[OsString]) -> Command {
    let mut named = &program;
    for word in arguments.iter().skip(1) {
        named = named.find_subcommand(word).unwrap_or(named);
    }
    let lists_options = !named.has_subcommands();
    let is_program = std::ptr::eq(named, &program);
    let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    let names = names.join(", ");
    let program = brief(program);
    match (lists_options, is_program) {
        // No line of theirs is as long: so clap puts none of the texts below its option.
        (true, _) => program.term_width(200),
        (false, true) => {
            let names = wrapped(&names, 78).replace('\n', "\n  ");
            program.help_template(format!("{FIRST_STEPS}  {names}{{after-help}}"))
        }
        (false, false) => program,
    }
}

/// Makes the help of `command` brief, so that it fits on a screen: one clause for each option, two examples. The long help
/// has the rest.
fn brief(command: Command) -> Command {
    let examples = command
        .get_after_help()
        .map(|text| two_examples(&text.to_string()));
    let own = || {
        command
            .get_arguments()
            .filter(|it| !it.is_hide_set() && !it.is_hide_short_help_set())
    };
    let widest = |is_operand: bool| {
        let those = own().filter(|it| it.is_positional() == is_operand);
        those.map(width).max().unwrap_or_default()
    };
    // What clap puts around an option: its short form, and room on both sides.
    let (of_option, of_operand) = (widest(false) + 8, widest(true) + 4);
    let aliases: Vec<String> = command.get_visible_aliases().map(str::to_owned).collect();
    command
        .mut_args(|arg| {
            let used = match arg.is_positional() {
                true => of_operand,
                false => of_option,
            };
            brief_option(arg, 80_usize.saturating_sub(used))
        })
        // They are known all the same.
        .visible_alias(None)
        .aliases(aliases)
        .after_help(StyledStr::from(examples.unwrap_or_default()))
        .mut_subcommands(brief)
}

/// An option with its first clause alone, in lines of so many columns, and without its variable.
fn brief_option(arg: Arg, room: usize) -> Arg {
    let mut help = arg.get_help().map(StyledStr::to_string).unwrap_or_default();
    let takes_values = arg.get_action().takes_values();
    if let Some(value) = arg.get_default_values().first().filter(|_| takes_values) {
        help.push_str(&format!(" [default: {}]", value.to_string_lossy()));
    }
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    let aliases: usize = aliases
        .iter()
        .map(|it| it.len() + " [alias: --]".len())
        .sum();
    let help = clause(&help, room.saturating_sub(aliases));
    let value = arg.get_value_names().and_then(|names| names.first());
    let value = value.filter(|it| it.len() > LONGEST_VALUE);
    let value = value.map(|it| short_value(it));
    let arg = arg.help(StyledStr::from(help));
    let arg = match value {
        Some(value) => arg.value_name(value),
        None => arg,
    };
    match takes_values {
        true => arg
            .hide_env(true)
            .hide_possible_values(true)
            .hide_default_value(true),
        false => arg,
    }
}

/// What stands for the value of an option.
fn shown_value(value: &str) -> &str {
    match value.len() {
        ..=LONGEST_VALUE => value,
        _ => short_value(value),
    }
}

/// One of the values that an option takes, or a word for them.
fn short_value(values: &str) -> &'static str {
    match values.split('|').next().unwrap_or_default() {
        "ADDRESS" => "ADDRESS",
        "LABEL" => "LABEL",
        "NUMBER=NAME" => "N=NAME",
        "true" => "BOOL",
        _ => "NAME",
    }
}

/// About the columns of an option with its value.
fn width(arg: &Arg) -> usize {
    let name = arg.get_long().map_or(0, |name| name.len() + "--".len());
    let values = arg.get_value_names().unwrap_or_default().iter();
    let brackets = if arg.is_require_equals_set() {
        "[=<>]"
    } else {
        " <>"
    };
    name + values
        .map(|value| shown_value(value).len() + brackets.len())
        .sum::<usize>()
}

/// The first clause of the help of an option, with its default where there is room for it.
fn clause(help: &str, room: usize) -> String {
    let (text, default) = match help.find(" [default: ") {
        Some(at) => help.split_at(at),
        None => (help, ""),
    };
    let whole = format!("{text}{default}");
    if whole.len() <= room {
        return whole;
    }
    // `With --watch: …` says when it counts, and then what it does.
    let begins = if text.starts_with("With ") {
        text.find(": ").map_or(0, |at| at + 2)
    } else {
        0
    };
    let ends = [". ", "; ", ": ", ", and ", ", for ", ", instead "];
    let cut = ends.iter().filter_map(|end| text[begins..].find(end)).min();
    let text = cut.map_or(text, |at| &text[..begins + at]);
    let whole = format!("{text}{default}");
    if whole.len() <= room {
        return whole;
    }
    wrapped(text, room)
}

/// A text in lines of so many columns.
fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > columns {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += len;
    }
    lines
}

/// Two of the examples, without what is said beside them.
fn two_examples(text: &str) -> String {
    let parts = text.split("\n\n");
    let is_kept = |part: &&str| part.starts_with("Example") || *part == REST;
    let kept = parts.filter(is_kept).map(|part| {
        part.lines()
            .take(3)
            .map(shortened_line)
            .collect::<Vec<_>>()
            .join("\n")
    });
    kept.collect::<Vec<_>>().join("\n\n")
}

/// A line that has of each long word the beginning alone.
fn shortened_line(line: &str) -> String {
    let is_long = |word: &&str| word.starts_with("0x") && word.len() > LONGEST_WORD;
    let words = line
        .split(' ')
        .map(|word| match Some(word).filter(is_long) {
            Some(word) => format!("{}…", &word[..6]),
            None => word.to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}

/// The options of every command.
pub(super) fn of_every_command(program: &Command) -> StyledStr {
    let options = program.get_arguments().filter(|it| it.is_global_set());
    Command::new(program.get_name().to_owned())
        .disable_help_flag(true)
        .max_term_width(100)
        .override_usage(format!("{} <COMMAND> [OPTIONS]", program.get_name()))
        .help_template("{usage-heading} {usage}\n\n{all-args}")
        .args(options.cloned().map(|it| it.hide_short_help(false)))
        .render_help()
}
