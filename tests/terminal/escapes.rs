//! What others named cannot move the terminal: tokens, keys, files.

use crate::support::agent::command;
use crate::support::*;

/// Clears the screen, goes back, and turns the rest of a line around; with a control character of one byte more.
const ODD: &str = "odd\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{9b}1m";

/// Insists that nothing of it gets out as it is, and that its beginning does.
#[track_caller]
fn is_plain(said: &str) {
    moves_nothing(said);
    assert!(said.contains("odd"), "it is named: {said}");
}

#[track_caller]
fn moves_nothing(said: &str) {
    let moves = |it: char| it.is_control() && it != '\n' && it != '\t' || it == '\u{202e}';
    assert!(!said.contains(moves), "{said:?}");
}

fn said(run: &Run) -> String {
    run.out() + &run.err()
}

/// In front of a token that has the odd name.
fn odd(token: &Token) -> Faulty<'_> {
    Faulty::before(token).rule(format!("label {ODD}"))
}

#[test]
fn the_label_of_a_token_is_shown_without_what_a_terminal_obeys() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let wrong = token.secret_file("wrong", "99999999");
    let wrong = wrong.to_str().unwrap();
    for (args, code) in [
        (&["token", "list"][..], 0),
        (&["token", "info"], 0),
        (&["key", "list", "--no-input"], 14),
        (&["key", "list", "--pin-file", wrong, "--verbose"], 12),
        (&["doctor", "--offline"], 0),
    ] {
        let run = faulty.drive(work.cmd(args)).run();
        let code = if args[0] == "doctor" {
            run.code
        } else {
            Some(code)
        };
        assert_eq!(run.code, code, "{args:?}: {}", run.err());
        is_plain(&said(&run));
    }
}

#[test]
fn the_question_for_its_pin_is_so_too() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(["key", "list"])));
    pty.expect("PIN of the token \"odd").until_echo(false);
    pty.send("99999999\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    is_plain(&shown.replace("\r\n", "\n"));
}

#[test]
fn what_an_agent_says_of_its_token_is_so_too() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let wrong = token.secret_file("wrong", "99999999");
    for args in [&[][..], &["--detach"]] {
        let cmd = faulty
            .drive(command(&work, args))
            .arg("--pin-file")
            .arg(&wrong);
        is_plain(&said(&cmd.run().fails(12)));
    }
}

#[test]
fn the_label_of_a_key_is_shown_without_what_a_terminal_obeys() {
    let keyed = Keyed::new();
    let (work, hexadecimal) = (keyed.work(), ODD.bytes().map(|byte| format!("{byte:02x}")));
    let label: String = hexadecimal.collect();
    let faulty = Faulty::before(&keyed.token).rule(format!("private-attribute CKA_LABEL {label}"));
    let archive = keyed.archive(&plain_zip(&[("a", b"b")]));
    work.write("a.zip", archive);
    for args in [
        &["key", "list"][..],
        &["key", "show"],
        &["result", "decrypt", "a.zip"],
    ] {
        let run = faulty.drive(work.cmd(args).pin()).run().ok();
        is_plain(&said(&run));
    }
    let delete = faulty.drive(work.cmd(["key", "delete", "pkcs11:type=private"]).pin());
    let mut pty = Pty::spawn(&delete);
    pty.expect("odd").send("no\n");
    is_plain(&pty.wait().1.replace("\r\n", "\n"));
}

#[test]
fn the_names_of_archives_are_shown_without_what_a_terminal_obeys() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (good, bad) = (format!("{ODD}.zip"), format!("{ODD}-bad.zip"));
    work.write(&good, keyed.archive(&plain_zip(&[("a", b"b")])));
    work.write(&bad, "no archive");
    let cmd = work.cmd(["result", "decrypt", &good, &bad, "--output-dir", "out"]);
    is_plain(&said(&cmd.pin().run().fails(21)));
    moves_nothing(&said(&work.run(["result", "inspect", &bad]).fails(21)));
    let none = format!("{ODD}/none");
    let cmd = work.cmd(["result", "decrypt", &good, "--output", &none]);
    is_plain(&said(&cmd.pin().run().fails(23)));
}
