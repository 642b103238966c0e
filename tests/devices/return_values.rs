//! Whatever a module returns, the program ends with an exit code that fits, and leaves nothing behind.

use std::collections::BTreeSet;

use crate::support::*;

/// Return values that modules were seen to make up.
const ODD: [&str; 4] = [
    "0xffffffffffffffff",
    "0x80000000",
    "0xdeadbeef",
    "CKR_CANCEL",
];

/// The values that PKCS#11 3.0 defines, as first and last of their runs.
const DEFINED: [(u64, u64); 36] = [
    (0x01, 0x0b),
    (0x10, 0x13),
    (0x1b, 0x1b),
    (0x20, 0x21),
    (0x30, 0x33),
    (0x40, 0x41),
    (0x50, 0x51),
    (0x54, 0x54),
    (0x60, 0x60),
    (0x62, 0x6a),
    (0x70, 0x71),
    (0x80, 0x80),
    (0x82, 0x82),
    (0x90, 0x91),
    (0xa0, 0xa4),
    (0xb0, 0xb1),
    (0xb3, 0xb8),
    (0xc0, 0xc1),
    (0xd0, 0xd1),
    (0xe0, 0xe2),
    (0xf0, 0xf2),
    (0x100, 0x105),
    (0x110, 0x115),
    (0x120, 0x121),
    (0x130, 0x130),
    (0x140, 0x141),
    (0x150, 0x150),
    (0x160, 0x160),
    (0x170, 0x170),
    (0x180, 0x180),
    (0x190, 0x191),
    (0x1a0, 0x1a1),
    (0x1b0, 0x1b9),
    (0x1c0, 0x1c0),
    (0x200, 0x204),
    (0x80000000, 0x80000000),
];

fn defined() -> impl Iterator<Item = String> {
    let values = DEFINED.into_iter().flat_map(|(first, last)| first..=last);
    values.map(|rv| format!("{rv:#x}"))
}

/// Opens one archive at a token that follows `rule`.
fn open_with(keyed: &Keyed, archive: &[u8], rule: &str) -> Run {
    let faulty = Faulty::before(&keyed.token).rule(rule).rule("hardware");
    let work = keyed.work();
    work.write("encryptedResults.zip", archive);
    let run = faulty.drive(work.cmd(["result", "decrypt"]).pin()).run();
    assert_eq!(run.signal, None, "{rule}: {}", run.err());
    assert_eq!(work.exists("results.zip"), run.code == Some(0), "{rule}");
    work.is_tidy();
    assert!(faulty.ledger().count("C_Login") <= 5, "{rule}");
    run
}

/// What a token says of a key or a mechanism that is not for this, which is no accident.
const NOT_FOR_THIS: [&str; 5] = ["0x63", "0x68", "0x70", "0x71", "0x200"];

#[test]
fn whatever_a_decryption_answers_once_loses_no_archive() {
    let keyed = Keyed::new();
    let archive = keyed.archive(&plain_zip(&[("x", b"1")]));
    for rv in defined() {
        for function in ["C_DecryptInit", "C_Decrypt"] {
            let rule = format!("{function} 1 return {rv}");
            let run = open_with(&keyed, &archive, &rule);
            let refused = function == "C_DecryptInit" && NOT_FOR_THIS.contains(&rv.as_str());
            let code = if refused { 16 } else { 0 };
            assert_eq!(run.code, Some(code), "{rule}: {}", run.err());
        }
    }
}

#[test]
fn each_answer_to_a_login_has_its_exit_code() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rv, code) in [
        ("CKR_USER_ALREADY_LOGGED_IN", 0),
        ("CKR_PIN_INCORRECT", 12),
        ("CKR_PIN_INVALID", 12),
        ("CKR_PIN_LEN_RANGE", 12),
        ("CKR_ARGUMENTS_BAD", 12),
        ("CKR_PIN_LOCKED", 13),
        ("CKR_PIN_EXPIRED", 10),
        ("CKR_USER_PIN_NOT_INITIALIZED", 10),
        ("CKR_DEVICE_ERROR", 11),
        ("CKR_DEVICE_REMOVED", 11),
        ("CKR_TOKEN_NOT_PRESENT", 11),
        ("CKR_GENERAL_ERROR", 11),
        ("0xffffffffffffffff", 11),
        ("0x80000001", 11),
    ] {
        let faulty = Faulty::before(&token)
            .rule("hardware")
            .rule(format!("C_Login * return {rv}"));
        let run = faulty.drive(work.cmd(["key", "list"]).pin()).run();
        let run = run.fails(code);
        assert_eq!(faulty.ledger().count("C_Login"), 1, "{rv}");
        if code == 11 {
            // Nobody knows whether the device looked at the PIN, but where it was not there.
            let none = run.err().contains("no PIN attempt was spent");
            assert_eq!(none, rv == "CKR_TOKEN_NOT_PRESENT", "{}", run.err());
        }
    }
}

#[test]
fn an_expired_pin_is_not_an_empty_token() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_Login * return CKR_PIN_EXPIRED");
    let run = faulty
        .drive(work.cmd(["key", "list"]).pin())
        .run()
        .fails(10);
    assert!(run.err().contains("expired"), "{}", run.err());
    assert!(run.err().contains("vendor's tool"), "{}", run.err());
    assert!(
        !run.err().contains("token init"),
        "it would lose all keys: {}",
        run.err()
    );
}

#[test]
fn each_flag_of_the_pin_has_its_exit_code() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rule, code, logins) in [
        ("flag +CKF_USER_PIN_COUNT_LOW", 0, 1),
        ("flag +CKF_USER_PIN_FINAL_TRY", 13, 0),
        ("flag +CKF_USER_PIN_LOCKED", 13, 0),
        // Not every token says that it has one.
        ("flag -CKF_USER_PIN_INITIALIZED", 0, 1),
        ("flag +CKF_USER_PIN_TO_BE_CHANGED", 0, 1),
    ] {
        let faulty = Faulty::before(&token).rule(rule);
        faulty
            .drive(work.cmd(["key", "list"]).pin())
            .run()
            .fails(code);
        assert_eq!(faulty.ledger().count("C_Login"), logins, "{rule}");
    }
}

/// Fails every function that a command calls, with every one of `values`, at its first call and at all of them.
fn fail_everything(keyed: &Keyed, args: &[&str], values: &[&str], setup: impl Fn(&Work)) {
    let undisturbed = Faulty::before(&keyed.token);
    let work = keyed.work();
    setup(&work);
    undisturbed.drive(work.cmd(args).pin()).run().ok();
    let ledger = undisturbed.ledger();
    let functions: BTreeSet<&str> = ledger.names().into_iter().collect();
    for function in functions {
        for rv in values {
            for when in ["1", "*"] {
                let rule = format!("{function} {when} return {rv}");
                let faulty = Faulty::before(&keyed.token).rule(&rule);
                let work = keyed.work();
                setup(&work);
                let run = faulty.drive(work.cmd(args).pin().arg("--raw")).run();
                assert_eq!(run.signal, None, "{rule}: {}", run.err());
                match run.code {
                    Some(0) => drop(run.raw()),
                    Some(10 | 11 | 14 | 15 | 16) => drop(run.raw_error()),
                    _ => panic!("{rule}: {:?} {}", run.code, run.err()),
                }
                work.is_tidy();
                // A device that failed is logged in to again: in its old state, and after each of
                // three restarts. A login that failed is not repeated.
                let most = if function == "C_Login" { 2 } else { 5 };
                assert!(faulty.ledger().count("C_Login") <= most, "{rule}");
            }
        }
    }
}

#[test]
fn odd_values_while_an_archive_is_opened() {
    let keyed = Keyed::new();
    let archive = keyed.archive(&plain_zip(&[("x", b"1")]));
    fail_everything(&keyed, &["result", "decrypt"], &ODD, |work| {
        work.write("encryptedResults.zip", &archive);
    });
}

#[test]
fn odd_values_while_keys_are_listed() {
    let keyed = Keyed::new();
    fail_everything(&keyed, &["key", "list"], &ODD, |_| {});
    fail_everything(&keyed, &["token", "info"], &ODD[..1], |_| {});
}

#[test]
fn odd_values_while_a_key_is_made() {
    let keyed = Keyed::new();
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    fail_everything(&keyed, &generate, &ODD[..1], |_| {});
}
