//! `token change-pin`: the old PIN costs one attempt at most, and the new one is taken or the old one stays.

use std::path::PathBuf;

use crate::support::*;

fn secret(work: &Work<'_>, name: &str, pin: &str) -> PathBuf {
    work.write(name, pin)
}

/// The command with the PIN of the token, and a new one.
fn change(work: &Work<'_>, old: &str, new: &str) -> Cmd {
    let (old, new) = (secret(work, "old", old), secret(work, "new", new));
    let cmd = work.cmd(["token", "change-pin", "--raw"]);
    let cmd = cmd
        .env("IEXEC_HSM_PIN_FILE", &old)
        .env("IEXEC_HSM_SO_PIN_FILE", &old);
    cmd.arg("--new-pin-file").arg(&new)
}

fn opens(work: &Work<'_>, pin: &str) -> Option<i32> {
    let file = secret(work, "pin", pin);
    work.cmd(["key", "list"])
        .env("IEXEC_HSM_PIN_FILE", file)
        .run()
        .code
}

#[test]
fn a_user_pin_is_changed() {
    let token = Token::new();
    let work = Work::new(&token);
    let raw = change(&work, &token.pin, "another-pin").run().ok().raw();
    assert_eq!(raw["changed"], "user PIN");
    assert_eq!(opens(&work, "another-pin"), Some(0));
    assert_eq!(opens(&work, &token.pin), Some(12));
}

#[test]
fn an_so_pin_is_changed() {
    if other_than_softhsm("the SO PIN is tried with softhsm2-util") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    change(&work, &token.so_pin, "new-officer")
        .arg("--so")
        .run()
        .ok();
    change(&work, &token.so_pin, "third")
        .arg("--so")
        .run()
        .fails(12);
    change(&work, "new-officer", "third").arg("--so").run().ok();
    assert_eq!(opens(&work, &token.pin), Some(0));
}

#[test]
fn a_refused_pin_is_sent_once_and_changes_nothing() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rule, old, new, code, logins, changes) in [
        // Nothing is changed after a refused login.
        ("", "wrong-pin", "another-pin", 12, 1, 0),
        (
            "flag +CKF_USER_PIN_FINAL_TRY",
            "1234",
            "another-pin",
            13,
            0,
            0,
        ),
        ("flag +CKF_USER_PIN_LOCKED", "1234", "another-pin", 13, 0, 0),
        // Too short for the token, which is known before it is asked.
        ("", "1234", "123", 12, 1, 0),
        (
            "C_SetPIN 1 return CKR_PIN_INVALID",
            "1234",
            "another-pin",
            16,
            1,
            1,
        ),
        (
            "C_SetPIN 1 return CKR_PIN_INCORRECT",
            "1234",
            "another-pin",
            16,
            1,
            1,
        ),
        (
            "C_SetPIN 1 return CKR_DEVICE_REMOVED",
            "1234",
            "another-pin",
            11,
            1,
            1,
        ),
    ] {
        let mut faulty = Faulty::before(&token);
        if !rule.is_empty() {
            faulty = faulty.rule(rule);
        }
        let run = faulty.drive(change(&work, old, new)).run().fails(code);
        assert!(!run.err().contains(new), "{}", run.err());
        let ledger = faulty.ledger();
        let counts = (ledger.count("C_Login"), ledger.count("C_SetPIN"));
        assert_eq!(counts, (logins, changes), "{rule}: {}", run.err());
    }
    assert_eq!(opens(&work, &token.pin), Some(0));
}

#[test]
fn a_person_is_asked_for_both_and_again_after_a_mistake() {
    let token = Token::new();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&work.cmd(["token", "change-pin"]));
    for (question, pin) in [
        ("PIN of the token \"test\": ", token.pin.as_str()),
        ("New user PIN of the token \"test\"", "another-pin"),
        ("Once more: ", "mistyped-pin"),
        ("New user PIN of the token \"test\"", "another-pin"),
        ("Once more: ", "another-pin"),
    ] {
        pty.expect(question).until_echo(false);
        pty.send(&format!("{pin}\n"));
    }
    let (code, said) = pty.wait();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Try again"), "{said}");
    assert_eq!(opens(&work, "another-pin"), Some(0));
    // Nobody can be asked for the new one.
    let run = work.cmd(["token", "change-pin", "--no-input"]).pin().run();
    assert!([Some(12), Some(14)].contains(&run.code));
}
