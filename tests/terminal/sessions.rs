//! What a person sees on a terminal of 80 columns, from the command to the next prompt of the shell, line by line.

use crate::support::*;

const PROMPT: &str = "PIN of the token \"test\": ";

/// The lines on the screen, with `FOLDER` for the folder and `ID` for the key's id. What was broken to fit is joined again.
#[track_caller]
fn seen(work: &Work<'_>, shown: &str) -> Vec<String> {
    let folder = work.folder();
    let mut lines: Vec<String> = Vec::new();
    for line in screen(shown) {
        match (line.strip_prefix("   "), lines.last_mut()) {
            (Some(rest), Some(before)) => *before += &format!(" {}", rest.trim_start()),
            _ => lines.push(line),
        }
    }
    let told = |line: String| {
        let line = line.replace(folder.to_str().unwrap(), "FOLDER");
        match line.split_once("(id ") {
            Some((before, _)) => format!("{before}(id ID)"),
            None => line,
        }
    };
    lines.into_iter().map(told).collect()
}

/// Types a PIN at each question, and returns the exit code and what is on the screen in the end.
#[track_caller]
fn session(work: &Work<'_>, args: &[&str], typed: &[(&str, &str)]) -> (i32, Vec<String>) {
    let mut pty = Pty::spawn(&work.cmd(args));
    for (question, pin) in typed {
        pty.expect(question).until_echo(false);
        pty.send(pin).send("\n");
    }
    let (code, shown) = pty.wait();
    for (_, pin) in typed {
        assert!(!shown.contains(pin), "{shown}");
    }
    (code, seen(work, &shown))
}

#[test]
fn a_result_is_opened_with_one_question() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let args = ["result", "decrypt", "a.zip", "--output", "r.zip"];
    let (code, lines) = session(&work, &args, &[(PROMPT, &keyed.token.pin)]);
    assert_eq!(code, 0);
    assert_eq!(
        lines,
        [
            "PIN of the token \"test\":",
            "Results successfully decrypted in FOLDER/r.zip",
            "Opened with \"iexec result key 7e5f4552\" (id ID)",
        ]
    );
}

#[test]
fn a_wrong_pin_is_asked_for_once_and_the_next_question_says_so() {
    if other_than_softhsm("what a token says of its attempts differs") {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let args = ["result", "decrypt", "a.zip"];
    let (code, lines) = session(&work, &args, &[(PROMPT, "9999")]);
    assert_eq!(code, 12);
    assert_eq!(
        lines,
        [
            "PIN of the token \"test\":",
            "error: the token \"test\" refused the PIN; attempts may be running out",
            " hint: Check the PIN and where it comes from before the next attempt: tokens block it after a few wrong ones.",
        ]
    );
    let question = "(the last one was wrong; attempts may be running out): ";
    let (code, lines) = session(&work, &args, &[(question, &keyed.token.pin)]);
    assert_eq!((code, lines.len()), (0, 3), "{lines:?}");
}

#[test]
fn a_pin_is_changed_in_three_questions() {
    if other_than_softhsm("what a token says of the length of its PINs differs") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let typed = [
        (PROMPT, token.pin.as_str()),
        (
            "New user PIN of the token \"test\" (4 to 255 characters): ",
            "another-pin",
        ),
        ("Once more: ", "another-pin"),
    ];
    let (code, lines) = session(&work, &["token", "change-pin"], &typed);
    assert_eq!(code, 0);
    assert_eq!(
        lines,
        [
            "PIN of the token \"test\":",
            "New user PIN of the token \"test\" (4 to 255 characters):",
            "Once more:",
            "The user PIN of the token \"test\" is changed",
        ]
    );
}
