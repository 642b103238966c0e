//! How the PIN is asked for on a terminal.

use rustix::process::Signal;

use crate::support::*;

const PROMPT: &str = "PIN of the token \"test\": ";

fn list(work: &Work) -> Cmd {
    work.cmd(["key", "list"])
}

#[test]
fn the_prompt_names_the_token_and_what_is_typed_is_not_shown() {
    let token = Token::new();
    token.add("another");
    let work = Work::new(&token);
    for label in ["test", "another"] {
        let mut pty = Pty::spawn(&list(&work).arg("--token").arg(label));
        pty.expect(&format!("PIN of the token \"{label}\": "));
        pty.until_echo(false).send("1234\n");
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains("1234"), "{shown}");
        assert!(pty.echoes(), "echo is on again");
        // The answer's own newline, so that the next line does not begin behind the question.
        assert!(shown.contains(": \r\n"), "{shown:?}");
    }
}

#[test]
fn the_question_goes_to_the_terminal_and_not_into_a_pipe() {
    let token = Token::new();
    let work = Work::new(&token);
    let to_files = ["sh", "-c", r#"exec "$@" >out 2>err </dev/null"#, "sh"];
    let mut pty = Pty::spawn(&list(&work).arg("--raw").under(to_files));
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    assert_eq!(pty.wait().0, 0);
    let out = String::from_utf8(work.read("out")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["ok"], true);
    assert_eq!(work.read("err"), b"");
}

#[test]
fn echo_is_restored_when_the_question_is_interrupted() {
    let token = Token::new();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&list(&work));
    pty.expect(PROMPT).until_echo(false).send("12").ctrl_c();
    assert_eq!(pty.wait().0, 130);
    assert!(pty.echoes());
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut pty = Pty::spawn(&list(&work));
        pty.expect(PROMPT).until_echo(false);
        pty.signal(signal);
        assert_eq!(pty.wait().0, code);
        assert!(pty.echoes());
    }
}

#[test]
fn control_c_ends_a_loop_of_a_script_too() {
    let token = Token::new();
    let work = Work::new(&token);
    let script = r#"for i in 1 2; do "$0" "$@"; done; echo went on"#;
    let mut pty = Pty::spawn(&list(&work).under(["bash", "-c", script]));
    pty.expect(PROMPT).until_echo(false).ctrl_c();
    let (code, shown) = pty.wait();
    assert_eq!(code, 130);
    assert_eq!(shown.matches(PROMPT).count(), 1, "{shown}");
    assert!(!shown.contains("went on"), "{shown}");
}

#[test]
fn control_z_neither_stops_the_question_nor_costs_an_attempt() {
    let token = Token::new();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&list(&work));
    pty.expect(PROMPT).until_echo(false).send("\u{1a}1234\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 14, "{shown}");
    assert!(
        shown.contains("it contained a control character"),
        "{shown}"
    );
    // A wrong PIN would have left its mark on the token.
    let info = work.run(["token", "info", "--raw"]).ok().raw();
    assert_eq!(info["pin"], "ok");
}

#[test]
fn no_answer_is_no_pin() {
    let token = Token::new();
    let work = Work::new(&token);
    // End of input, and an empty line: neither is sent.
    for keys in ["\x04", "\n"] {
        let mut pty = Pty::spawn(&list(&work));
        pty.expect(PROMPT).until_echo(false).send(keys);
        let (code, shown) = pty.wait();
        assert_eq!(code, 14, "{shown}");
        // On a line of its own, whatever was typed.
        let error = format!("{PROMPT}\r\nerror: no PIN was typed");
        assert!(shown.contains(&error), "{shown:?}");
        assert!(pty.echoes());
    }
    let state = work.cmd(["token", "info", "--raw"]).run().ok().raw();
    assert_eq!(state["pin"], "ok");
}

#[test]
fn the_prompt_says_that_the_last_pin_was_wrong() {
    if other_than_softhsm("it tells of the first wrong PIN") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&list(&work));
    pty.expect(PROMPT).until_echo(false).send("9999\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    assert!(shown.contains("attempts may be running out"), "{shown}");

    let mut pty = Pty::spawn(&list(&work));
    pty.expect("PIN of the token \"test\" (the last one was wrong; attempts may be running out): ");
    pty.until_echo(false).send("1234\n");
    assert_eq!(pty.wait().0, 0);
    let mut pty = Pty::spawn(&list(&work));
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    assert_eq!(pty.wait().0, 0);
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let early = ["sh", "-c", r#"read first </dev/tty; exec "$@""#, "sh"];
    let mut pty = Pty::spawn(&list(&work).under(early));
    pty.send("go\n9999\n");
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    assert_eq!(pty.wait().0, 0);
}

#[test]
fn several_archives_ask_once() {
    let token = Token::new();
    let work = Work::new(&token);
    let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
    let cmd = work.cmd(generate).arg(ADDRESS).pin();
    cmd.run().ok();
    let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let pem = String::from_utf8(pem).unwrap();
    let plain = plain_zip(&[("x", b"1")]);
    for name in ["a.zip", "b.zip"] {
        work.write(name, Sealed::current(&pem, &plain).archive());
    }
    let decrypt = ["result", "decrypt", "a.zip", "b.zip", "--output-dir", "out"];
    let mut pty = Pty::spawn(&work.cmd(decrypt));
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("PIN of the token").count(), 1, "{shown}");
    assert!(work.read("out/a.zip") == plain && work.read("out/b.zip") == plain);
}
