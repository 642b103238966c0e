//! README and docs/ say what the program does: their command lines parse, and their tables are those of the source.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::pages::{Page, pages, root};
use crate::support::*;

/// The words of a shell command line, as far as documentation needs it: quotes, comments, pipes and redirections.
/// Each command of a pipeline or list is one vector.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![vec![]];
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars().chain([' ']) {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == '#' && word.is_none() => break,
            None if "|;&<>() ".contains(c) => {
                let last = commands.last_mut().unwrap();
                last.extend(word.take());
                if c != ' ' {
                    commands.push(vec![]);
                }
            }
            None => word.get_or_insert_default().push(c),
        }
    }
    assert_eq!(quote, None, "a quote is not closed: {line}");
    commands
}

/// The arguments of every `iexec-hsm` in a line.
fn ours(line: &str) -> Vec<Vec<String>> {
    if !line.contains("iexec-hsm ") {
        return vec![];
    }
    let line = line.strip_prefix("$ ").unwrap_or(line);
    commands(line)
        .into_iter()
        .filter(|words| words.first().is_some_and(|word| word == "iexec-hsm"))
        .map(|mut words| words.split_off(1))
        .collect()
}

#[test]
fn a_shell_line_is_split_into_its_commands() {
    let split =
        ours("curl -s 'a|b' | iexec-hsm key show 'pkcs11:id=%01;x=\"' --quiet <in # iexec-hsm no");
    assert_eq!(split, [["key", "show", "pkcs11:id=%01;x=\"", "--quiet"]]);
}

#[test]
fn every_command_line_parses() {
    let work = Work::without_token();
    let mut count = 0;
    for page in pages() {
        let mut lines: Vec<String> = page.code();
        for block in page.blocks(&["sh"]) {
            lines.extend(block.lines().map(str::to_owned));
        }
        for block in page.blocks(&["console"]) {
            // What does not follow a prompt is output.
            lines.extend(
                block
                    .lines()
                    .filter(|it| it.starts_with("$ "))
                    .map(str::to_owned),
            );
        }
        for line in lines {
            let line = line.replace("$ADDRESS", ADDRESS);
            for mut words in ours(&line) {
                // After all else was parsed, this prints help; what stands before it must be right.
                words.push("--help".into());
                let run = work.cmd(&words).run();
                assert_eq!(run.code, Some(0), "{}: {line}\n{}", page.name(), run.err());
                assert!(
                    run.out().contains("Usage: iexec-hsm"),
                    "{}: {line}",
                    page.name()
                );
                count += 1;
            }
        }
    }
    assert!(count > 30, "only {count} command lines were found");
}

#[test]
fn a_wrong_command_line_would_be_noticed() {
    let work = Work::without_token();
    for line in [
        "iexec-hsm result push-key",
        "iexec-hsm result decrypt --no-such-option x.zip",
        "iexec-hsm result encrypt x --format v9",
    ] {
        let mut words = ours(line).remove(0);
        words.push("--help".into());
        work.cmd(&words).run().fails(2);
    }
}

#[test]
fn every_file_of_the_project_that_is_named_exists() {
    let folders = ["src/", "docs/", "tests/", "softhsm/", "benches/", ".ci/"];
    for page in pages() {
        for code in page.code() {
            let word = code.split(' ').next().unwrap();
            if folders.iter().any(|folder| word.starts_with(folder)) {
                assert!(root().join(word).exists(), "{}: {word}", page.name());
            }
        }
    }
}

#[test]
fn the_modules_of_the_promises_exist() {
    let page = Page::named("docs/architecture.md");
    let mut count = 0;
    for code in page.code() {
        if code.ends_with(".rs") && code.contains('/') && !code.starts_with("tests/") {
            let path = root().join("src").join(code.trim_start_matches("src/"));
            assert!(path.exists(), "{code}");
            count += 1;
        }
    }
    assert!(count > 10, "only {count} files were found");
}

#[test]
fn each_threat_names_tests_that_are_there() {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let head = "| threat | what meets it | what is left | shown by |";
    let (_, threats) = text.split_once(head).unwrap();
    let rows = threats
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let shown_by = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let mut tests: Vec<&str> = Vec::new();
        let mut files = 0;
        for code in shown_by.split('`').skip(1).step_by(2) {
            if !code.starts_with("tests/") {
                tests.push(code);
                continue;
            }
            let source = fs::read_to_string(root().join(code)).unwrap();
            assert!(!tests.is_empty(), "{code} without a test: {row}");
            for test in tests.drain(..) {
                let is_there = source.contains(&format!("#[test]\nfn {test}() {{"));
                assert!(is_there, "{test} in {code}");
            }
            files += 1;
        }
        assert!(files > 0 && tests.is_empty(), "{row}");
        count += 1;
    }
    assert!(count > 10, "only {count} threats were found");
}

#[test]
fn exit_codes_are_those_of_the_source() {
    let source = fs::read_to_string(root().join("src/code.rs")).unwrap();
    let row = |line: &str| {
        let (_, row) = line.trim().split_once(": \"")?;
        let (word, numbers) = row.split_once("\", ")?;
        let (exit, _) = numbers.split_once(", ")?;
        Some((exit.to_owned(), word.to_owned()))
    };
    let done = ("0".to_owned(), "done".to_owned());
    let of_source: Vec<_> = [done]
        .into_iter()
        .chain(source.lines().filter_map(row))
        .collect();
    assert_eq!(exit_table(), of_source);
}

/// Numbers and words of the table in docs/json-and-exit-codes.md.
pub(super) fn exit_table() -> Vec<(String, String)> {
    let page = Page::named("docs/json-and-exit-codes.md");
    let rows = page.text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", number, word, _, ""] if number.parse::<u8>().is_ok() => {
                Some(((*number).to_owned(), word.trim_matches('`').to_owned()))
            }
            _ => None,
        }
    });
    rows.collect()
}

#[test]
fn json_examples_are_json() {
    let table = exit_table();
    let mut failures = 0;
    for block in Page::named("docs/json-and-exit-codes.md").blocks(&["json"]) {
        let json: Value = serde_json::from_str(&block).unwrap();
        if json["ok"] == false {
            let error = &json["error"];
            let row = (
                error["exit"].to_string(),
                error["code"].as_str().unwrap().to_owned(),
            );
            assert!(table.contains(&row), "{row:?}");
            failures += 1;
        }
    }
    assert_eq!(failures, 1);
}

#[test]
fn exit_codes_in_the_prose_are_in_the_table() {
    let table = exit_table();
    for page in pages() {
        let prose = page.prose();
        for mention in ["(exit ", "exit code ", "with exit "] {
            for rest in prose.split(mention).skip(1) {
                let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let known = number.is_empty() || table.iter().any(|row| row.0 == number);
                assert!(known, "{}: {mention}{number}", page.name());
            }
        }
    }
}

#[test]
fn the_configuration_shown_sets_every_setting() {
    let page = Page::named("docs/configuration.md");
    let block = page.blocks(&["toml"]).remove(0);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("iexec-hsm")).unwrap();
    fs::write(folder.path().join("iexec-hsm/config.toml"), &block).unwrap();
    let token = Token::uninitialised();
    let missing = Work::new(&token)
        .cmd(["--module", "/nowhere.so", "token", "list"])
        .env("XDG_CONFIG_HOME", folder.path())
        .run();
    // The configuration is read first: it is not at fault when the module is.
    missing.fails(10);
    // An unknown key is refused with the names of all that are known.
    let work = Work::without_token();
    work.write("unknown.toml", "unknown = 1\n");
    let refusal = work.cmd(["config", "check", "unknown.toml"]).run().fails(2);
    let refusal = refusal.err();
    let known = refusal.split_once("expected one of ").unwrap().1;
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    assert!(known.len() > 20, "{known:?}");
    for key in known {
        assert!(block.contains(&format!("\n{key} = ")), "{key} is not shown");
    }
    let keys = block.lines().filter_map(|line| line.split_once(" = "));
    for (key, _) in keys {
        assert!(
            page.text.contains(&format!("| `{key}`")),
            "{key} is in no row"
        );
    }
}

#[test]
fn every_variable_named_is_looked_at() {
    let mut sources = String::new();
    for folder in ["src", "tests/support", "softhsm", "docs/ci"] {
        collect(&root().join(folder), &mut sources);
    }
    // The names of most are made from those of the options.
    let work = Work::without_token();
    let shown = work.cmd(["config", "show", "--raw"]).run().ok().out();
    sources.push_str(&shown);
    for page in pages() {
        for code in page.code() {
            if code.starts_with("IEXEC_")
                && code.bytes().all(|c| c.is_ascii_uppercase() || c == b'_')
            {
                assert!(sources.contains(&code), "{}: {code}", page.name());
            }
        }
    }
}

fn collect(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
        } else {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}
