//! Help, manual pages and completions: each has every command and every option, because all are made from one source.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::*;

fn help(words: &[&str]) -> String {
    let work = Work::without_token();
    work.cmd(words).arg("--help").run().ok().out()
}

/// The first words of the lines below `heading`.
fn listed(help: &str, heading: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != heading).skip(1);
    let entries = lines.take_while(|line| line.is_empty() || line.starts_with("  "));
    entries
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect()
}

/// Every command that has none below it, as words.
fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for group in listed(&help(&[]), "Commands:") {
        let below = listed(&help(&[&group]), "Commands:");
        if below.is_empty() {
            found.push(vec![group]);
            continue;
        }
        found.extend(below.into_iter().map(|name| vec![group.clone(), name]));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// Those, the groups that they are in, and the program as a whole.
fn commands_and_groups() -> Vec<Vec<String>> {
    let mut found = vec![vec![]];
    found.extend(
        listed(&help(&[]), "Commands:")
            .into_iter()
            .map(|it| vec![it]),
    );
    found.extend(commands());
    found.sort();
    found.dedup();
    found
}

/// The long options of a command, as its help lists them.
fn options(help: &str) -> Vec<String> {
    // What describes the command is not indented.
    let entries = help.lines().filter(|line| line.starts_with("  "));
    let words = entries.filter_map(|line| {
        let line = line.trim_start();
        let at = line.starts_with('-').then(|| line.find("--"))??;
        let name = line[at + 2..].split([' ', ',', '=', '[']).next()?;
        Some(name.to_owned())
    });
    words.filter(|name| !name.is_empty()).collect()
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

#[test]
fn every_command_shows_examples_that_parse() {
    let work = Work::without_token();
    for command in commands_and_groups() {
        // The help is wrapped; the page is not.
        let page = work
            .cmd([&["man"], &words(&command)[..]].concat())
            .run()
            .ok()
            .out();
        let examples = page.split("\n.SH EXAMPLES\n").nth(1).unwrap_or_default();
        let examples = examples.replace("\\-", "-").replace("\\*(Aq", "'");
        let mut lines = examples
            .lines()
            .filter(|line| line.starts_with("  iexec-hsm") || line.contains("| iexec-hsm"))
            .peekable();
        assert!(lines.peek().is_some(), "{command:?}\n{page}");
        for line in lines {
            // The shell takes it apart; the program that it finds puts --help behind it.
            let script = format!(
                "set -f; iexec-hsm() {{ \"$PROGRAM\" \"$@\" --help; }}; curl() {{ :; }}\n{line}"
            );
            let script = script
                .replace(" > ~", " | cat #")
                .replace("| man -l -", "")
                .replace("| bsdtar -tf -", "");
            let output = Command::new("bash")
                .args(["-o", "pipefail", "-c", &script])
                .env("PROGRAM", env!("CARGO_BIN_EXE_iexec-hsm"))
                .current_dir(work.folder())
                .output()
                .unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() && errors.is_empty() || line.contains("source <("),
                "{line}: {errors}"
            );
        }
    }
}

#[test]
fn help_and_page_of_a_command_say_of_it_what_the_list_says() {
    let work = Work::without_token();
    let mut count = 0;
    for group in commands_and_groups() {
        let words = words(&group);
        let list = help(&words);
        for name in listed(&list, "Commands:") {
            let line = list
                .lines()
                .skip_while(|line| *line != "Commands:")
                .find(|line| line.trim_start().starts_with(&format!("{name} ")))
                .unwrap();
            let about = line.trim_start().strip_prefix(&*name).unwrap().trim();
            let about = about.split(" [alias").next().unwrap();
            let command = [&words[..], &[&*name]].concat();
            let shown = help(&command);
            assert_eq!(shown.lines().next(), Some(about), "{command:?}");
            let page = work.cmd([&["man"], &command[..]].concat()).run().ok().out();
            let title = format!("iexec-hsm-{} - {about}\n", command.join("-"));
            let page = page.replace("\\-", "-").replace("\\*(Aq", "'");
            assert!(page.contains(&title), "{title}\n{page}");
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn there_is_a_page_for_each_command_with_every_option() {
    let work = Work::without_token();
    let pages = work.path("man/man1");
    let run = work.cmd(["man", "--raw", "--dir", "man/man1"]).run().ok();
    let written = run.raw()["pages"].as_array().unwrap().len();
    assert_eq!(fs::read_dir(&pages).unwrap().count(), written);
    for command in commands() {
        let name = format!("iexec-hsm-{}.1", command.join("-"));
        let page = fs::read_to_string(pages.join(&name)).unwrap();
        for option in options(&help(&words(&command))) {
            if ["help", "version"].contains(&option.as_str()) {
                continue;
            }
            let written = option.replace('-', "\\-");
            assert!(
                page.contains(&format!("\\-\\-{written}")),
                "--{option} in {name}"
            );
        }
        assert!(page.contains(".SH EXAMPLES"), "{name}");
        let shown = work
            .cmd([&["man"], &words(&command)[..]].concat())
            .run()
            .ok()
            .out();
        assert_eq!(shown.trim_end(), page.trim_end(), "{name}");
    }
}

#[test]
fn a_page_says_of_each_option_what_it_does() {
    let work = Work::without_token();
    for command in commands_and_groups() {
        let page = work.cmd([&["man"], &words(&command)[..]].concat());
        let page = page.run().ok().out();
        let mut count = 0;
        for entry in page.split("\n.TP\n").skip(1) {
            let mut lines = entry.lines();
            let name = lines.next().unwrap();
            let said = lines.next().unwrap_or_default();
            assert!(!said.is_empty(), "{command:?} says nothing of {name}");
            count += 1;
        }
        assert!(count > 15, "{command:?}: {count}");
    }
}

#[test]
fn the_page_of_a_command_describes_it_in_more_words_than_its_name() {
    let work = Work::without_token();
    for command in commands() {
        let page = work.cmd([&["man"], &words(&command)[..]].concat());
        let page = page.run().ok().out();
        let (_, rest) = page.split_once("\n.SH DESCRIPTION\n").unwrap();
        let described = rest.split("\n.SH ").next().unwrap();
        let (_, more) = described.split_once("\n.PP\n").unwrap_or_default();
        assert!(
            more.split_whitespace().count() > 5,
            "{command:?}: {described}"
        );
    }
}

/// The titles of a page's sections, in their order.
fn sections(page: &str) -> Vec<&str> {
    let titles = page.lines().filter_map(|line| line.strip_prefix(".SH "));
    titles.map(|it| it.trim_matches('"')).collect()
}

#[test]
fn a_page_has_the_sections_of_a_manual_and_names_no_file_of_the_project() {
    let work = Work::without_token();
    for command in commands_and_groups() {
        let page = work.cmd([&["man"], &words(&command)[..]].concat());
        let page = page.run().ok().out();
        let sections = sections(&page);
        let mut at = 0;
        for wanted in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "EXAMPLES",
            "ENVIRONMENT",
            "FILES",
            "EXIT STATUS",
            "SEE ALSO",
        ] {
            let found = sections[at..].iter().position(|it| *it == wanted);
            at += found.unwrap_or_else(|| panic!("{command:?} {wanted} in {sections:?}"));
        }
        for place in ["docs/", "benches/", "tests/"] {
            assert!(!page.contains(place), "{command:?} names {place}");
        }
    }
}

#[test]
fn a_page_tells_the_variables_that_its_command_looks_at_and_the_pages_around_it() {
    let work = Work::without_token();
    let page = |words: &[&str]| {
        let page = work.cmd([&["man"], words].concat()).run().ok().out();
        page.replace("\\-", "-").replace("\"", "")
    };
    let section = |page: &str, title: &str| -> String {
        let (_, rest) = page.split_once(&format!(".SH {title}\n")).unwrap();
        rest.split("\n.SH ").next().unwrap().to_owned()
    };
    let decrypt = page(&["result", "decrypt"]);
    let variables = section(&decrypt, "ENVIRONMENT");
    for (name, is_there) in [
        ("IEXEC_HSM_PIN\n", true),
        ("IEXEC_HSM_MAX_SIZE", true),
        ("IEXEC_HSM_WALLET_PASSWORD", false),
        ("IEXEC_HSM_SO_PIN\n", false),
    ] {
        let variables = variables.replace("\\fR", "");
        assert_eq!(variables.contains(name), is_there, "{name}: {variables}");
    }
    let others = section(&decrypt, "SEE ALSO")
        .replace("\\fB", "")
        .replace("\\fR", "");
    for name in [
        "iexec-hsm(1)",
        "iexec-hsm-result(1)",
        "iexec-hsm-result-encrypt(1)",
    ] {
        assert!(others.contains(name), "{name}: {others}");
    }
    let whole = page(&[]);
    let codes = section(&whole, "EXIT STATUS");
    for word in ["pin-wrong", "cannot-decrypt", "agent-not-available"] {
        assert!(codes.contains(word), "{word}: {codes}");
    }
    assert!(section(&whole, "ENVIRONMENT").contains("IEXEC_HSM_WALLET_PASSWORD"));
}

#[test]
fn a_page_of_no_command_is_refused() {
    let work = Work::without_token();
    let run = work.cmd(["man", "result", "open", "--raw"]).run().fails(2);
    let message = run.raw_error()["message"].to_string();
    assert!(message.contains("result open"), "{message}");
}

#[test]
fn completions_have_every_command_and_option() {
    let work = Work::without_token();
    for shell in ["bash", "zsh", "fish"] {
        let script = work.cmd(["completions", shell]).run().ok().out();
        for command in commands() {
            assert!(
                script.contains(command.last().unwrap()),
                "{command:?} for {shell}"
            );
            for option in options(&help(&words(&command))) {
                let written = match shell {
                    "fish" => format!("-l {option} "),
                    _ => format!("--{option}"),
                };
                let last = format!("-l {option}\n");
                assert!(
                    script.contains(&written) || script.contains(&last),
                    "--{option} for {shell}"
                );
            }
        }
    }
}

/// Runs a script in a shell with the completions of it in the file `$COMPLETIONS`; nothing where that shell is missing.
fn in_shell(shell: &str, arguments: &[&str], script: &str) -> Option<String> {
    let work = Work::without_token();
    let completions = work.cmd(["completions", shell]).run().ok().stdout;
    let file = work.write("completions", completions);
    let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new(shell)
        .args(arguments)
        .args(["-c", script])
        .env("COMPLETIONS", file)
        .env("HOME", work.home())
        .env("PATH", path)
        .output();
    let Ok(output) = output else {
        println!("no {shell} here");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{shell}: {errors}"
    );
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_completes_commands_and_options() {
    let complete = r#"
        . "$COMPLETIONS"
        completer=$(complete -p iexec-hsm | sed 's/.* -F \([^ ]*\) .*/\1/')
        COMP_WORDS=(iexec-hsm result decrypt --ext) COMP_CWORD=3
        "$completer" iexec-hsm --ext decrypt
        echo "${COMPREPLY[@]}"
        COMP_WORDS=(iexec-hsm tok) COMP_CWORD=1
        "$completer" iexec-hsm tok iexec-hsm
        echo "${COMPREPLY[@]}""#;
    let said = in_shell("bash", &["--norc"], complete).unwrap();
    assert_eq!(said, "--extract\ntoken\n");
}

#[test]
fn zsh_loads_the_completions() {
    let load = r#"
        autoload -Uz compinit && compinit -D -u
        . "$COMPLETIONS"
        echo "${_comps[iexec-hsm]}""#;
    if let Some(said) = in_shell("zsh", &["-f"], load) {
        assert_eq!(said, "_iexec-hsm\n");
    }
}

#[test]
fn fish_completes_commands_and_options() {
    let complete = r#"
        source "$COMPLETIONS"
        complete -C "iexec-hsm result decrypt --ext"
        complete -C "iexec-hsm tok""#;
    if let Some(said) = in_shell("fish", &["--no-config"], complete) {
        let mut lines = said.lines();
        assert!(lines.next().unwrap().starts_with("--extract\t"), "{said}");
        assert!(lines.next().unwrap().starts_with("token\t"), "{said}");
    }
}

/// Types a line with the Tab key in it into a shell on a terminal, whose completions were loaded by `load`, and expects what
/// the completed line prints; nothing where that shell is missing.
fn on_tab(shell: &str, load: &str) {
    let name = shell.split(' ').next().unwrap();
    if Command::new(name).arg("--version").output().is_err() {
        println!("no {name} here");
        return;
    }
    let work = Work::without_token();
    let completions = work.cmd(["completions", name]).run().ok().stdout;
    let file = work.write("completions", completions);
    let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let start = format!("exec {shell}");
    let cmd = work.cmd(["token", "list"]).under(["bash", "-c", &start]);
    let mut pty = Pty::spawn(&cmd.env("COMPLETIONS", &file).env("PATH", path));
    // Typed ahead of the shell's own line editing, a Tab would be no more than that.
    pty.send(load).send("; echo load''ed\n").expect("loaded");
    pty.send("iexec-hsm token li\t--he\t\n")
        .expect("Usage: iexec-hsm token list [OPTIONS]");
    pty.send("exit\n");
    assert_eq!(pty.wait().0, 0);
}

#[test]
fn the_tab_key_completes_in_bash() {
    on_tab("bash --norc -i", ". \"$COMPLETIONS\"");
}

#[test]
fn the_tab_key_completes_in_zsh() {
    let load = "autoload -Uz compinit && compinit -D -u && . \"$COMPLETIONS\"";
    on_tab("zsh -f -i", load);
}

#[test]
fn the_tab_key_completes_in_fish() {
    on_tab("fish --no-config -i", "source \"$COMPLETIONS\"");
}

#[test]
fn a_wrong_name_suggests_the_right_one() {
    let work = Work::without_token();
    for (line, right) in [
        (&["reslt", "decrypt"][..], "result"),
        (&["result", "decript"], "decrypt"),
        (&["result", "decrypt", "--forse"], "--force"),
        (&["token", "list", "--modul", "x"], "--module"),
    ] {
        let said = work.cmd(line).run().fails(2).err();
        assert!(
            said.contains("similar") && said.contains(&format!("'{right}'")),
            "{said}"
        );
        let raw = work.cmd(line).arg("--raw").run().fails(2).raw_error();
        let message = raw["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("Was `{right}` meant?")),
            "{message}"
        );
    }
}

#[test]
fn a_broken_configuration_is_in_nobodys_way() {
    let work = Work::without_token();
    fs::create_dir_all(work.home().join(".config/iexec-hsm")).unwrap();
    fs::write(work.home().join(".config/iexec-hsm/config.toml"), "no").unwrap();
    work.cmd(["token", "list"]).run().fails(2);
    work.cmd(["completions", "bash"]).run().ok();
    work.cmd(["man"]).run().ok();
}
