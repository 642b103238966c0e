//! Names of others are put into messages in one of two ways: `{:?}`, which quotes and escapes, or `.shown()`.

use std::fs;

use crate::support::files_in;
use crate::support::pages::root;

/// What may stand in quotes as it is: a part of a file's path and of the line, and why.
const GRANTED: [(&str, &str, &str); 4] = [
    ("chain/", r#"(write \"{number}\")"#, "a number"),
    (
        "archive/result_zip/",
        r#"\"{name}\""#,
        "`EntryName::shown` escapes",
    ),
    ("decrypt/", r#"\"{name}\""#, "the same name"),
    ("encrypt/", r#"\"{name}\""#, "the same name"),
];

/// Whether a line puts something into a message as it is: a placeholder between quotes, or a path by its `display`.
fn puts_in_as_it_is(line: &str) -> bool {
    let quoted = line.split("\\\"{").skip(1).any(|rest| {
        let inside = rest.split("}\\\"").next().unwrap_or_default();
        rest.contains("}\\\"") && !inside.contains([':', ' ', '{'])
    });
    quoted || line.contains(".display()") || line.contains("Path::display")
}

#[test]
fn no_message_has_a_foreign_name_as_it_is() {
    let mut seen = 0;
    for path in files_in(&root().join("src"), "rs") {
        let place = path.strip_prefix(root()).unwrap().to_str().unwrap();
        if place.contains("test") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let code = source.split("\nmod tests {").next().unwrap();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            seen += usize::from(line.contains(".shown()"));
            let mut line = line.to_owned();
            for (_, part, _) in GRANTED.iter().filter(|(of, ..)| place.contains(of)) {
                line = line.replace(part, "");
            }
            assert!(!puts_in_as_it_is(&line), "{place}: {line}");
        }
    }
    assert!(seen > 60, "names were found: {seen}");
}

#[test]
fn a_name_as_it_is_is_noticed() {
    for line in [
        r#"format!("the token \"{label}\" is empty")"#,
        r#"format!("\"{}\" is empty", token.label)"#,
        r#"format!("{} is gone", path.display())"#,
    ] {
        assert!(puts_in_as_it_is(line), "{line}");
    }
    for line in [
        r#"format!("the token {label:?} is empty")"#,
        r#"format!("{{\"lost\":{lost}}}\n")"#,
    ] {
        assert!(!puts_in_as_it_is(line), "{line}");
    }
}
