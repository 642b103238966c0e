//! "When something goes wrong" quotes the messages of the program: each is one that the source still has.

use std::fs;
use std::path::Path;

use super::statements::exit_table;
use crate::support::files_in;
use crate::support::pages::{Page, root};

/// What stands in a message for what differs.
const GAP: char = '…';

/// The first cells of the tables: what somebody sees.
fn seen(page: &Page) -> Vec<String> {
    let rows = page.text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned());
    cells.filter(|cell| cell != "what you see").collect()
}

/// The messages that a cell quotes. One that begins in plain words describes something else.
fn quoted(cell: &str) -> Vec<&str> {
    if !cell.starts_with('`') {
        return vec![];
    }
    cell.split('`').skip(1).step_by(2).collect()
}

/// The texts between quotes in a Rust file, before its tests.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("\nmod tests {").next().unwrap();
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut literals = Vec::new();
    let mut literal: Option<String> = None;
    let mut characters = code
        .replace("'\"'", "")
        .chars()
        .collect::<Vec<_>>()
        .into_iter()
        .peekable();
    while let Some(character) = characters.next() {
        let Some(text) = &mut literal else {
            if character == '"' {
                literal = Some(String::new());
            }
            continue;
        };
        match character {
            '"' => literals.extend(literal.take()),
            '\\' => match characters.next() {
                Some('\n') => while characters.next_if(|it| it.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(escaped) => text.push(escaped),
                None => {}
            },
            other => text.push(other),
        }
    }
    literals
}

/// Whether a text has the parts of a message, one after the other.
fn has(text: &str, message: &str) -> bool {
    let mut rest = text;
    message.split(GAP).map(str::trim).all(|part| {
        let found = rest.split_once(part);
        found.inspect(|(_, after)| rest = after).is_some()
    })
}

fn literals_of_source() -> Vec<String> {
    let src = root().join("src");
    let is_test = |path: &Path| {
        let path = path.strip_prefix(&src).unwrap();
        path.ends_with("tests.rs") || path.components().any(|it| it.as_os_str() == "tests")
    };
    let sources = files_in(&src, "rs").into_iter();
    sources
        .filter(|path| !is_test(path))
        .flat_map(|path| literals(&fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_message_that_is_quoted_is_one_of_the_program() {
    let literals = literals_of_source();
    let cells = seen(&Page::named("docs/when-something-goes-wrong.md"));
    let mut count = 0;
    let mut unknown = Vec::new();
    for message in cells.iter().flat_map(|cell| quoted(cell)) {
        if !literals.iter().any(|text| has(text, message)) {
            unknown.push(message);
        }
        count += 1;
    }
    assert!(unknown.is_empty(), "the program does not say: {unknown:#?}");
    assert!(count > 75, "only {count} messages were found");
}

#[test]
fn the_exit_codes_beside_the_messages_are_in_the_table() {
    let table = exit_table();
    let mut count = 0;
    for cell in seen(&Page::named("docs/when-something-goes-wrong.md")) {
        let words: String = cell.split('`').step_by(2).collect();
        for codes in words.split('(').skip(1) {
            for code in codes.split(')').next().unwrap().split(", ") {
                assert!(table.iter().any(|row| row.0 == code), "{cell}: {code}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "only {count} exit codes were found");
}

#[test]
fn a_message_that_is_not_there_would_be_noticed() {
    let source = "// \"in a comment\"\nlet text = \"a \\\"quoted\\\" {name:?} that \\\n    goes on\";\nlet c = '\"';\nlet d = \"last\";\n#[cfg(test)]\nmod tests {\n\"of a test\"";
    let literals = literals(source);
    assert_eq!(literals, ["a \"quoted\" {name:?} that goes on", "last"]);
    for message in ["a \"quoted\" …", "… that goes on", "a … goes"] {
        assert!(has(&literals[0], message), "{message}");
    }
    for message in ["goes … a", "that goes off", "last"] {
        assert!(!has(&literals[0], message), "{message}");
    }
}
