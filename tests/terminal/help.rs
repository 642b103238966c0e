//! The short help, and what is said of a word that is no command or option.

use crate::support::*;

fn help(args: &[&str]) -> String {
    let token = Token::new();
    Work::new(&token).cmd(args).run().ok().out()
}

#[test]
fn the_short_help_of_a_command_has_its_own_options_alone() {
    for command in [
        &["result", "decrypt"][..],
        &["agent", "start"],
        &["task", "pull"],
        &["doctor"],
    ] {
        let short = help(&[command, &["-h"]].concat());
        for option in ["--module ", "--keystoredir", "--no-input", "--pin-file <"] {
            assert!(!short.contains(option), "{short}");
        }
        assert!(
            short.ends_with("\n\nMore: --help; options of every command: iexec-hsm help options\n"),
            "{short}"
        );
        let long = help(&[command, &["--help"]].concat());
        assert!(long.contains("--module <PATH>"), "{long}");
        // Variables are for those who read on.
        assert!(!short.contains("[env:"), "{short}");
        assert!(long.contains("[env: IEXEC_HSM_MODULE]"), "{long}");
        assert!(!long.contains("help options"), "{long}");
    }
}

/// The short help as it is on a terminal of 80 columns.
fn on_80_columns(work: &Work<'_>, command: &str) -> String {
    let words = command.split(' ').filter(|word| !word.is_empty());
    let cmd = work.cmd(words.chain(["-h"])).env("COLUMNS", "80");
    cmd.run().ok().out()
}

#[test]
fn the_short_help_is_brief_and_fits_on_80_columns() {
    let token = Token::new();
    let work = Work::new(&token);
    for command in [
        "result decrypt",
        "result push-encryption-key",
        "agent start",
        "task pull",
        "app run",
        "doctor",
    ] {
        let short = on_80_columns(&work, command);
        let (_, options) = short.split_once("\nOptions:\n").unwrap();
        let (options, rest) = options.split_once("\n\n").unwrap();
        let lines = options.lines().count();
        let names = options
            .lines()
            .filter(|it| it.trim_start().starts_with('-'));
        assert!(lines < names.count() * 2, "{command}: {options}");
        for line in options.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line:?}");
        }
        assert!(rest.matches("  iexec-hsm ").count() <= 2, "{rest}");
        assert!(rest.contains("Example"), "{rest}");
    }
}

#[test]
fn the_short_help_of_each_command_fits_on_a_screen() {
    let token = Token::new();
    let work = Work::new(&token);
    let mut commands = commands(&work);
    commands.extend(groups(&commands));
    assert!(commands.len() > 40, "{commands:?}");
    for command in commands {
        let short = on_80_columns(&work, &command);
        // A line that is too long takes more than one of a terminal.
        let lines = short
            .lines()
            .map(|it| it.chars().count().max(1).div_ceil(COLUMNS));
        assert!(lines.sum::<usize>() <= 24, "{command}: {short}");
        // It has what the command is, and how to go on.
        assert!(short.contains("\nUsage: iexec-hsm"), "{short}");
        assert!(short.contains("\n\nMore: --help; "), "{short}");
    }
}

/// The program, and the commands that have others in them.
fn groups(commands: &[String]) -> Vec<String> {
    let first = commands.iter().filter_map(|it| it.split_once(' '));
    let mut groups: Vec<_> = first.map(|(group, _)| group.to_owned()).collect();
    groups.push(String::new());
    groups.dedup();
    groups
}

#[test]
fn a_command_has_its_short_help_by_its_other_name_too() {
    for (typed, meant) in [
        (&["result", "push-secret"][..], "result push-encryption-key"),
        (&["results", "decrypt"], "result decrypt"),
        (&["tasks", "show"], "task show"),
    ] {
        let short = help(&[typed, &["-h"]].concat());
        let usage = format!("\nUsage: iexec-hsm {meant} ");
        assert!(short.contains(&usage), "{short}");
    }
}

#[test]
fn the_options_of_every_command_have_a_page() {
    let page = help(&["help", "options"]);
    for option in [
        "--raw",
        "--quiet",
        "--verbose",
        "--no-input",
        "--module <PATH>",
        "--token <LABEL|URI>",
        "--pin-file <FILE>",
        "--wallet-address <ADDRESS>",
        "--agent-sock <PATH>",
    ] {
        assert!(page.contains(option), "{option}: {page}");
    }
    assert!(!page.contains("--output"), "{page}");
}

#[test]
fn the_first_steps_stand_before_all_commands() {
    let short = help(&["-h"]);
    let (first, all) = short.split_once("\nCommands:\n").unwrap();
    let (_, first) = first.split_once("\nFirst steps:\n").unwrap();
    assert_eq!(first.trim_end().lines().count(), 7, "{first}");
    for line in first.trim_end().lines() {
        let command = line.trim_start().split("  ").next().unwrap();
        let words: Vec<&str> = command.split(' ').chain(["-h"]).collect();
        help(&words);
    }
    let names: Vec<&str> = all.split([',', ' ', '\n']).collect();
    for name in ["result", "key", "completions", "man"] {
        assert!(names.contains(&name), "{all}");
    }
}

#[test]
fn a_command_that_is_inside_of_another_is_named_with_it() {
    let token = Token::new();
    let work = Work::new(&token);
    for (typed, meant) in [
        ("decrypt", "`iexec-hsm result decrypt`"),
        (
            "generate-keys",
            "`iexec-hsm result generate-encryption-keypair`",
        ),
        ("pull", "`iexec-hsm task pull`"),
        ("unlock", "`iexec-hsm agent unlock`"),
        ("adopt", "`iexec-hsm key adopt`"),
        ("storage", "`iexec storage` is a command of the iExec SDK"),
    ] {
        let text = work.cmd([typed, "x"]).run().fails(2);
        assert!(text.err().contains(meant), "{}", text.err());
        let json = work.cmd([typed, "x", "--json"]).run().fails(2);
        let message = json.raw_error()["message"].to_string();
        assert!(message.contains(meant), "{message}");
    }
    let none = work.cmd(["nothing-like-it"]).run().fails(2);
    assert!(!none.err().contains("meant"), "{}", none.err());
}

#[test]
fn a_secret_as_an_option_is_not_taken_and_not_repeated() {
    let token = Token::new();
    let work = Work::new(&token);
    for option in ["--pin", "--so-pin", "--password", "--wallet-key"] {
        for secret in [
            vec![option, "73577357"],
            vec![&format!("{option}=73577357")],
        ] {
            for raw in [&[][..], &["--raw"], &["--json"]] {
                let args = [&["result", "decrypt", "a.zip"][..], &secret, raw].concat();
                let said = work.cmd(args).run().fails(2).err();
                assert!(said.contains("not taken"), "{said}");
                assert!(said.contains("IEXEC_HSM_"), "{said}");
                assert!(!said.contains("7357"), "{said}");
            }
        }
    }
}
