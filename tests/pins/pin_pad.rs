//! Readers with a keypad of their own: the PIN is typed there, and this program never has it.

use crate::support::*;

const GENERATE: [&str; 5] = [
    "result",
    "generate-keys",
    "--bits=2048",
    "--wallet-address",
    ADDRESS,
];

/// A reader on which the right PINs are typed.
fn reader(token: &Token) -> Faulty<'_> {
    Faulty::before(token).rule(format!("pin-pad {} {}", token.pin, token.so_pin))
}

/// Asserts that so many logins were made, all of them without a PIN.
#[track_caller]
fn logged_in(faulty: &Faulty, logins: usize) {
    let ledger = faulty.ledger();
    let pins: Vec<&str> = ledger
        .of("C_Login")
        .iter()
        .map(|it| it.arg("pin"))
        .collect();
    assert_eq!(pins, vec!["null"; logins]);
}

#[test]
fn nobody_is_asked_here_and_the_person_is_sent_to_the_reader() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("x", b"1")]);
    work.write("encryptedResults.zip", keyed.archive(&plain));
    let faulty = reader(&keyed.token);
    let on_terminal = |args: &[&str]| {
        let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(args))).wait();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains("PIN of the token \"test\": "), "{shown}");
        let sent = "Enter the PIN of the token \"test\" on its reader.";
        assert!(shown.contains(sent), "{shown}");
    };
    on_terminal(&["key", "list"]);
    logged_in(&faulty, 1);
    on_terminal(&["result", "decrypt"]);
    logged_in(&faulty, 1);
    assert!(work.read("results.zip") == plain);
    // The module is restarted in between.
    on_terminal(&GENERATE);
    logged_in(&faulty, 2);
}

#[test]
fn no_source_of_pins_is_read() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = reader(&token);
    let cmd = || work.cmd(["key", "list", "--no-input"]);
    faulty.drive(cmd()).run().ok();
    let cmd = cmd()
        .env("IEXEC_HSM_PIN", "99999999")
        .env("IEXEC_HSM_PIN_FILE", "/nowhere/pin")
        .env("CREDENTIALS_DIRECTORY", "/nowhere");
    let run = faulty.drive(cmd).run().ok();
    assert!(!run.err().contains("reader"), "--no-input: {}", run.err());
    logged_in(&faulty, 2);
    let raw = faulty.drive(work.cmd(["token", "info", "--raw"])).run();
    assert_eq!(raw.ok().raw()["pinPad"], true);
}

#[test]
fn a_pin_that_is_wrong_or_not_entered_is_named() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rv, code, words) in [
        ("CKR_PIN_INCORRECT", 12, "refused the PIN"),
        (
            "CKR_FUNCTION_CANCELED",
            14,
            "no PIN was entered on the reader",
        ),
        ("CKR_CANCEL", 14, "no PIN was entered on the reader"),
    ] {
        let faulty = reader(&token).rule(format!("C_Login 1 return {rv}"));
        let run = faulty.drive(work.cmd(["key", "list"])).run().fails(code);
        assert!(run.err().contains(words), "{}", run.err());
        logged_in(&faulty, 1);
    }
}

#[test]
fn the_last_attempt_on_a_reader_needs_a_yes_too() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = reader(&token).rule("flag +CKF_USER_PIN_FINAL_TRY");
    faulty.drive(work.cmd(["key", "list"])).run().fails(13);
    logged_in(&faulty, 0);
}

#[test]
fn a_key_that_always_authenticates_sends_to_the_reader_for_each_use() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("x", b"1")]);
    work.write("a.zip", keyed.archive(&plain));
    work.write("b.zip", keyed.archive(&plain));
    let faulty = reader(&keyed.token).rule("always-authenticate 1234");
    let decrypt = ["result", "decrypt", "a.zip", "b.zip", "--output-dir", "out"];
    let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(decrypt))).wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(
        shown.matches("needs the PIN for each use").count(),
        2,
        "{shown}"
    );
    logged_in(&faulty, 3);
}

#[test]
fn a_token_is_set_up_with_pins_typed_on_its_reader() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let faulty = reader(&token);
    let init = work.cmd(["token", "init", "--token-label", "fresh"]);
    let (code, shown) = Pty::spawn(&faulty.drive(init)).wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("Once more"), "{shown}");
    assert!(
        shown.contains("SO PIN of the token \"fresh\" on its reader"),
        "{shown}"
    );
    assert!(
        shown.contains("new PIN of the token \"fresh\" on its reader"),
        "{shown}"
    );
    let ledger = faulty.ledger();
    assert_eq!(ledger.of("C_InitToken")[0].arg("so_pin"), "null");
    assert_eq!(ledger.logins(0)[0].arg("pin"), "null");
    assert_eq!(ledger.of("C_InitPIN")[0].arg("pin"), "null");
    // They are the ones that were typed there.
    work.run(["key", "list", "--token", "fresh"]).ok();
    assert_eq!(ledger.count("C_Login"), 1);
}
