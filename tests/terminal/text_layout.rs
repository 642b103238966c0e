//! What is shown fits a terminal of 80 columns, and has colours only where these can be shown.

use crate::support::*;

/// Every command's words, by the help of the program.
fn commands(work: &Work) -> Vec<Vec<String>> {
    let mut all = vec![vec![]];
    let mut next = 0;
    while next < all.len() {
        let words: Vec<String> = all[next].clone();
        let help = work.cmd(&words).arg("--help").run().ok().out();
        let list = help.split("Commands:\n").nth(1).unwrap_or_default();
        let lines = list.lines().take_while(|line| !line.is_empty());
        for line in lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap();
            if name != "help" {
                all.push([words.clone(), vec![name.to_owned()]].concat());
            }
        }
        next += 1;
    }
    all
}

#[test]
fn help_fits_80_columns() {
    let work = Work::without_token();
    let commands = commands(&work);
    assert!(commands.len() > 25, "{commands:?}");
    for words in commands {
        let (code, shown) = Pty::spawn(&work.cmd(&words).arg("--help")).wait();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains('\x1b'), "{words:?}: {shown:?}");
        for line in shown.lines() {
            assert!(line.chars().count() <= 80, "{words:?}: {line}");
        }
    }
}

/// Commands that show much, each with a failure among them.
const SHOWING: &[&[&str]] = &[
    &["token", "list"],
    &["token", "info"],
    &["key", "list"],
    &["key", "show"],
    &["doctor", "--offline"],
    &["config", "show"],
    &["result", "inspect", "a.zip"],
    &["result", "decrypt", "a.zip", "--force"],
    &["result", "decrypt", "no.zip"],
    &["key", "shwo"],
];

/// Whether a line that is too long is one that a person copies as a whole: a URI, a path, a command between backticks.
fn is_one_piece(line: &str) -> bool {
    let outside: String = line.trim().split('`').step_by(2).collect();
    outside.trim().split(' ').count() == 1
}

#[test]
fn what_is_shown_fits_80_columns_but_for_what_is_copied() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let file = format!("{ADDRESS}_key");
    work.write(format!(".secrets/beneficiary/{file}"), "no key");
    let more = [
        &["token", "info", "--all"][..],
        &["wallet", "list"],
        &["agent", "status"],
        &["key", "list", "--token", "none"],
        &[
            "result",
            "generate-keys",
            "--bits=2048",
            "--wallet-address",
            ADDRESS,
        ],
        &["result", "generate-keys"],
        &["result", "push-secret", "--dry-run"],
    ];
    let mut uris = 0;
    for words in SHOWING.iter().chain(&more) {
        let (_, shown) = Pty::spawn(&work.cmd(*words).pin()).wait();
        assert!(!shown.is_empty(), "{words:?}");
        // The text of the doctor is the third column.
        let text_at = if words[0] == "doctor" { 26 } else { 0 };
        for line in shown.lines().map(without_escapes) {
            let text = line.get(text_at..).unwrap_or_default();
            assert!(
                line.chars().count() <= 80 || is_one_piece(text),
                "{words:?}: {line}\n{shown}"
            );
            // It begins where its line begins, and nothing follows it there.
            uris += usize::from(line.trim().starts_with("pkcs11:"));
        }
    }
    assert!(uris > 3, "{uris}");
}

#[test]
fn pipes_get_whole_lines() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let run = work.cmd(["key", "list"]).pin().run().ok();
    assert_eq!(run.out().lines().count(), 4, "{}", run.out());
}

#[test]
fn pipes_get_no_escape_sequences() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    for words in SHOWING {
        let run = work.cmd(*words).pin().env("TERM", "xterm-256color").run();
        let said = format!("{}{}", run.out(), run.err());
        assert!(
            !said.is_empty() && !said.contains('\x1b'),
            "{words:?}: {said:?}"
        );
    }
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    for words in SHOWING {
        for wish in ["NO_COLOR=1", "TERM=dumb"] {
            let cmd = work.cmd(*words).pin().under(["env", wish]);
            let (_, shown) = Pty::spawn(&cmd).wait();
            assert!(
                !shown.is_empty() && !shown.contains('\x1b'),
                "{wish} {words:?}: {shown:?}"
            );
        }
    }
    // They are there otherwise.
    let (_, shown) = Pty::spawn(&work.cmd(["doctor", "--offline"])).wait();
    assert!(shown.contains('\x1b'), "{shown:?}");
}

/// A line without sequences such as `ESC [ 2 K`.
fn without_escapes(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
    first
        + &rest
            .map(|part| part.get(1..).unwrap_or_default())
            .collect::<String>()
}
