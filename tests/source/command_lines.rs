//! What the program tells people to run is quoted by one hand: no text puts a name into a command line by itself.

use std::fs;

use crate::support::files_in;
use crate::support::pages::root;

/// Programs that people are told to run.
const PROGRAMS: [&str; 7] = [
    "iexec-hsm ",
    "shred ",
    "chmod ",
    "mkdir ",
    "openssl ",
    "sudo ",
    "rm ",
];

/// What a text puts into a command line: the line from the program's name to the end of the command, where it has a
/// placeholder.
fn filled_in(text: &str) -> Option<&str> {
    PROGRAMS.iter().find_map(|program| {
        text.match_indices(program).find_map(|(at, _)| {
            let begins = text[..at].ends_with(['`', '"', ' ', 'n']);
            let line = text[at..].split(['`', '"']).next()?;
            let line = line.split("\\n").next()?;
            (begins && line.contains('{')).then_some(line)
        })
    })
}

#[test]
fn no_text_fills_a_name_into_a_command_line() {
    let mut seen = 0;
    for path in files_in(&root().join("src"), "rs") {
        let source = fs::read_to_string(&path).unwrap();
        let code = source.split("\nmod tests {").next().unwrap();
        let lines = code.lines().map(str::trim_start);
        for line in lines.filter(|line| !line.starts_with("//")) {
            seen += usize::from(line.contains("`iexec-hsm "));
            // The command itself, in the JSON of a failure.
            if line.starts_with("\"command\": format!(\"iexec-hsm {command}\")") {
                continue;
            }
            assert_eq!(
                filled_in(line),
                None,
                "{}: CommandLine does it",
                path.display()
            );
        }
    }
    assert!(seen > 30, "commands were found: {seen}");
}

#[test]
fn a_name_in_a_command_line_is_noticed() {
    for text in [
        r#"format!("Move it with `iexec-hsm key adopt '{uri}'`.")"#,
        r#""destroy it:\n  shred -u {}","#,
        r#"format!("`chmod 600 {place}`.")"#,
    ] {
        assert!(filled_in(text).is_some(), "{text}");
    }
    for text in [
        r#"format!("{name}: `iexec-hsm key adopt` takes them over: {uri}")"#,
        r#"format!("`{}` writes it.", export)"#,
    ] {
        assert_eq!(filled_in(text), None, "{text}");
    }
}
