//! Where the PIN comes from, and how few attempts it costs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use crate::support::spy::count;
use crate::support::*;

const WRONG: &str = "99999999";

/// A token whose user PIN is this one.
fn with_pin(pin: &str) -> Token {
    let mut token = Token::uninitialised();
    token.pin = pin.to_owned();
    token.add("test");
    token
}

fn list(work: &Work) -> Cmd {
    work.cmd(["key", "list"])
}

/// A folder of systemd credentials.
fn credential(work: &Work, pin: &str) -> PathBuf {
    let file = work.write("credentials/iexec-hsm-pin", pin);
    file.parent().unwrap().to_owned()
}

#[test]
fn a_file_comes_before_a_credential_before_the_environment() {
    let token = Token::new();
    let work = Work::new(&token);
    let pins = |file: Option<&str>, in_credential: Option<&str>, env: &str| {
        let mut cmd = list(&work).env("IEXEC_HSM_PIN", env);
        if let Some(pin) = in_credential {
            cmd = cmd.env("CREDENTIALS_DIRECTORY", credential(&work, pin));
        }
        if let Some(pin) = file {
            cmd = cmd.arg("--pin-file").arg(token.secret_file("a-pin", pin));
        }
        cmd.run()
    };
    let right = token.pin.as_str();
    pins(Some(right), Some(WRONG), WRONG).ok();
    pins(Some(WRONG), Some(right), right).fails(12);
    pins(None, Some(right), WRONG).ok();
    pins(None, Some(WRONG), right).fails(12);
    pins(None, None, right).ok();
    pins(None, None, WRONG).fails(12);
    // A folder of other credentials is none of ours.
    let empty = list(&work).env("CREDENTIALS_DIRECTORY", work.home());
    empty.env("IEXEC_HSM_PIN", right).run().ok();
}

#[test]
fn nobody_is_asked_where_the_pin_is_told() {
    let token = Token::new();
    let work = Work::new(&token);
    let in_credential = list(&work).env("CREDENTIALS_DIRECTORY", credential(&work, "1234"));
    for cmd in [
        list(&work).pin(),
        in_credential,
        list(&work).env("IEXEC_HSM_PIN", &token.pin),
    ] {
        let (code, shown) = Pty::spawn(&cmd).wait();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains("PIN of the token"), "{shown}");
    }
}

#[test]
fn the_first_line_of_a_file_is_the_pin() {
    let token = with_pin("a pin, with blanks ");
    let work = Work::new(&token);
    for end in ["", "\n", "\r\n", "\nsecond line\n", "\r\n\r\n"] {
        let file = work.write("pin", format!("{}{end}", token.pin));
        list(&work).arg("--pin-file").arg(file).run().ok();
    }
    for around in [" a pin, with blanks \n", "a pin, with blanks\n"] {
        let file = work.write("pin", around);
        list(&work).arg("--pin-file").arg(file).run().fails(12);
    }
}

#[test]
fn what_editors_and_shells_add_is_no_part_of_the_pin() {
    let token = Token::new();
    let work = Work::new(&token);
    let pin = &token.pin;
    for text in [
        format!("\u{feff}{pin}"),
        format!("\u{feff}{pin}\r\n"),
        format!("{pin}\r"),
        format!("{pin}\rsecond line\r"),
    ] {
        let file = work.write("pin", &text);
        list(&work).arg("--pin-file").arg(file).run().ok();
        let folder = credential(&work, &text);
        list(&work).env("CREDENTIALS_DIRECTORY", folder).run().ok();
    }
    for text in [
        format!("{pin}\n"),
        format!("{pin}\r\n"),
        format!("\u{feff}{pin}"),
    ] {
        list(&work).env("IEXEC_HSM_PIN", text).run().ok();
    }
    let so_pin = format!("\u{feff}{}\r\n", token.so_pin);
    let init = [
        "token",
        "init",
        "--token-label=new",
        "--token=test",
        "--force",
    ];
    let cmd = work
        .cmd(init)
        .args(&["--confirm-label=test", "--so-pin-file"]);
    cmd.arg(work.write("so-pin", so_pin)).pin().run().ok();
}

#[test]
fn a_pin_file_in_utf16_is_named_and_costs_no_attempt() {
    let Some(spy) = Spy::find() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    let little =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let big = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let marked = format!("\u{feff}{}\r\n", token.pin);
    for content in [
        little(&marked),
        big(&marked),
        little(&token.pin),
        big(&token.pin),
    ] {
        let cmd = spy.watch(list(&work), &token);
        let run = cmd.arg("--pin-file").arg(work.write("pin", content));
        let run = run.run().fails(23);
        for words in ["UTF-16", "Save it as UTF-8", "pin"] {
            assert!(run.err().contains(words), "{words} in {}", run.err());
        }
        assert_eq!(count(&spy.calls(), "C_Login"), 0);
    }
}

#[test]
fn a_pin_of_any_bytes_is_sent_as_it_is() {
    let token = with_pin("pässwörd-🔑");
    let work = Work::new(&token);
    list(&work).env("IEXEC_HSM_PIN", &token.pin).run().ok();
    let mut pty = Pty::spawn(&list(&work));
    pty.expect("PIN").until_echo(false);
    pty.send(&token.pin).send("\n");
    assert_eq!(pty.wait().0, 0);
    // Not even text, and refused as a PIN: it was sent.
    let file = work.write("pin", b"\xfd\xfc\xfd\xfc");
    list(&work).arg("--pin-file").arg(file).run().fails(12);
}

#[test]
fn a_file_without_a_pin_is_named_and_nothing_else_is_tried() {
    let token = Token::new();
    let work = Work::new(&token);
    let with = |file: PathBuf| {
        let cmd = list(&work).env("IEXEC_HSM_PIN", &token.pin);
        cmd.arg("--pin-file").arg(file).run()
    };
    for empty in ["", "\n", "\r\n", "\n1234\n"] {
        let run = with(work.write("pin", empty)).fails(14);
        assert!(run.err().contains("holds no PIN"), "{}", run.err());
    }
    for (file, words) in [
        (work.path("none"), "No such file"),
        (work.folder(), "directory"),
        (
            work.write("large", vec![b'1'; 70_000]),
            "larger than 64 KiB",
        ),
    ] {
        let run = with(file.clone()).fails(23);
        assert!(run.err().contains(words), "{words} in {}", run.err());
        assert!(run.err().contains(file.to_str().unwrap()), "{}", run.err());
    }
    let empty = list(&work).env("IEXEC_HSM_PIN", "").run().fails(14);
    assert!(empty.err().contains("IEXEC_HSM_PIN"), "{}", empty.err());
}

#[test]
fn a_pipe_stands_for_a_file() {
    let token = Token::new();
    let work = Work::new(&token);
    let fifo = work.path("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let started = list(&work).arg("--pin-file").arg(&fifo).start();
    let writer = thread::spawn(move || fs::write(fifo, "1234\n").unwrap());
    started.wait().ok();
    writer.join().unwrap();

    let substituted = [
        "bash",
        "-c",
        r#"exec "$@" --pin-file <(printf 1234)"#,
        "bash",
    ];
    list(&work).under(substituted).run().ok();
    list(&work)
        .arg("--pin-file=/dev/stdin")
        .stdin("1234")
        .run()
        .ok();
}

#[test]
fn a_wrong_pin_costs_one_attempt_whatever_the_command() {
    let Some(spy) = Spy::find() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    work.run(generate).ok();
    let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let pem = String::from_utf8(pem).unwrap();
    for name in ["a.zip", "b.zip", "c.zip"] {
        let sealed = Sealed::current(&pem, &plain_zip(&[("x", b"1")]));
        work.write(name, sealed.archive());
    }
    let decrypt = [
        "result",
        "decrypt",
        "a.zip",
        "b.zip",
        "c.zip",
        "--output-dir",
        "out",
    ];
    for args in [
        &["key", "list"][..],
        &["key", "show"],
        &["key", "adopt", "--wallet-address", ADDRESS],
        &[
            "key",
            "delete",
            "--confirm-label",
            "iexec result key 7e5f4552",
        ],
        &["key", "export", "pkcs11:object=other"],
        &generate,
        &decrypt,
    ] {
        for in_env in [false, true] {
            let cmd = spy.watch(work.cmd(args), &token);
            let cmd = if in_env {
                cmd.env("IEXEC_HSM_PIN", WRONG)
            } else {
                cmd.arg("--pin-file").arg(token.secret_file("wrong", WRONG))
            };
            let run = cmd.run().fails(12);
            assert!(run.err().contains("refused the PIN"), "{}", run.err());
            assert!(!run.err().contains(WRONG), "{}", run.err());
            let calls = spy.calls();
            assert_eq!(count(&calls, "C_Login"), 1, "{args:?}: {calls:?}");
            assert_eq!(calls.last().unwrap(), "C_Finalize", "{calls:?}");
        }
        // The token counts no more wrong ones.
        work.run(["key", "list"]).ok();
    }
    let mut pty = Pty::spawn(&spy.watch(work.cmd(decrypt), &token));
    pty.expect("PIN of the token \"test\"").until_echo(false);
    pty.send(WRONG).send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    assert_eq!(shown.matches("PIN of the token").count(), 1, "{shown}");
    assert_eq!(count(&spy.calls(), "C_Login"), 1);
    assert!(!work.exists("out/a.zip"));
    work.run(decrypt).ok();
}

#[test]
fn a_pin_that_cannot_be_right_is_not_sent() {
    if other_than_softhsm("it tells of what length its PINs are") {
        return;
    }
    let Some(spy) = Spy::find() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    for pin in ["1", "123", &"1".repeat(256)] {
        let cmd = spy.watch(list(&work), &token);
        let run = cmd.env("IEXEC_HSM_PIN", pin).run().fails(12);
        assert!(run.err().contains("not sent"), "{}", run.err());
        assert!(run.err().contains("No attempt was spent"), "{}", run.err());
        let calls = spy.calls();
        assert_eq!(count(&calls, "C_Login"), 0, "{calls:?}");
        assert!(count(&calls, "C_GetTokenInfo") > 0, "{calls:?}");
    }
}

#[test]
fn without_anybody_to_ask_it_fails_at_once_and_says_what_to_set() {
    let token = Token::new();
    let work = Work::new(&token);
    let says = |text: &str| {
        for words in [
            "--pin-file",
            "IEXEC_HSM_PIN_FILE",
            "IEXEC_HSM_PIN ",
            "\"test\"",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
    };
    says(&list(&work).run().fails(14).err());
    says(&list(&work).stdin("1234\n").run().fails(14).err());
    says(&list(&work).arg("--no-input").run().fails(14).err());
    let (code, shown) = Pty::spawn(&list(&work).arg("--no-input")).wait();
    assert_eq!(code, 14);
    assert!(!shown.contains("PIN of the token \"test\":"), "{shown}");
    says(&shown.replace("\r\n", ""));
    list(&work).arg("--no-input").pin().run().ok();
    let error = list(&work).arg("--raw").run().fails(14).raw_error();
    assert_eq!(error["code"], "pin-needed");
}
