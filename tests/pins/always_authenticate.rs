//! Keys that demand the PIN for each use, as those in PIV slot 9c.

use std::fs;

use crate::support::*;

const PROMPT: &str = "PIN of the token \"test\": ";
const WHY: &str = "The key \"iexec result key 7e5f4552\" needs the PIN for each use.";
const THREE: [&str; 7] = [
    "result",
    "decrypt",
    "a.zip",
    "b.zip",
    "c.zip",
    "--output-dir",
    "out",
];

/// A work folder with three archives, which hold this.
fn three(keyed: &Keyed) -> (Work<'_>, Vec<u8>) {
    let work = keyed.work();
    let plain = plain_zip(&[("x", b"1")]);
    for name in ["a.zip", "b.zip", "c.zip"] {
        work.write(name, keyed.archive(&plain));
    }
    (work, plain)
}

/// In front of a token whose keys demand this PIN.
fn demanding<'t>(keyed: &'t Keyed, pin: &str) -> Faulty<'t> {
    Faulty::before(&keyed.token).rule(format!("always-authenticate {pin}"))
}

/// Asserts that the token was logged in to once and used so often, each time with a login for it between
/// `C_DecryptInit` and `C_Decrypt`.
#[track_caller]
fn used(faulty: &Faulty, uses: usize) {
    let ledger = faulty.ledger();
    assert_eq!(ledger.logins(1).len(), 1);
    let names = ledger.names();
    let first = names.iter().position(|it| *it == "C_DecryptInit").unwrap();
    let names: Vec<&str> = names[first..]
        .iter()
        .copied()
        .filter(|it| it.starts_with("C_Decrypt") || *it == "C_Login")
        .collect();
    assert_eq!(
        names,
        ["C_DecryptInit", "C_Login", "C_Decrypt"].repeat(uses)
    );
    assert_eq!(ledger.logins(2).len(), uses);
    assert!(ledger.of("C_Decrypt").iter().all(|it| it.rv == "CKR_OK"));
}

#[test]
fn every_use_has_a_login_of_its_own_with_the_pin_from_its_source() {
    let keyed = Keyed::new();
    let (work, plain) = three(&keyed);
    let faulty = demanding(&keyed, "1234");
    let one = [
        "result",
        "decrypt",
        "a.zip",
        "--output-dir",
        "out",
        "--force",
    ];
    faulty.drive(work.cmd(one).pin()).run().ok();
    used(&faulty, 1);
    let three = || work.cmd(THREE).arg("--force");
    faulty.drive(three().pin()).run().ok();
    used(&faulty, 3);
    let in_env = three().env("IEXEC_HSM_PIN", &keyed.token.pin);
    faulty.drive(in_env).run().ok();
    used(&faulty, 3);
    for name in ["out/a.zip", "out/b.zip", "out/c.zip"] {
        assert!(work.read(name) == plain);
    }
}

#[test]
fn a_pipe_that_can_be_read_only_once_serves_all_uses() {
    let keyed = Keyed::new();
    let (work, _) = three(&keyed);
    let faulty = demanding(&keyed, "1234");
    let substituted = [
        "bash",
        "-c",
        r#"exec "$@" --pin-file <(printf 1234)"#,
        "bash",
    ];
    faulty.drive(work.cmd(THREE).under(substituted)).run().ok();
    used(&faulty, 3);
}

#[test]
fn the_terminal_is_asked_for_each_use_and_says_why() {
    let keyed = Keyed::new();
    let (work, _) = three(&keyed);
    let faulty = demanding(&keyed, "1234");
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(THREE)));
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    for _ in 0..3 {
        pty.expect(WHY).expect(PROMPT);
        pty.until_echo(false).send("1234\n");
    }
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    used(&faulty, 3);
}

/// openCryptoki is such a token.
#[test]
fn a_token_that_has_no_login_for_a_use_is_used_without_one() {
    let keyed = Keyed::new();
    let (work, plain) = three(&keyed);
    let faulty = Faulty::before(&keyed.token)
        .rule("private-attribute CKA_ALWAYS_AUTHENTICATE 01")
        .rule("C_Login 2- return CKR_USER_TYPE_INVALID");
    faulty.drive(work.cmd(THREE).pin()).run().ok();
    assert!(work.read("out/c.zip") == plain);
    let ledger = faulty.ledger();
    assert_eq!(ledger.logins(1).len(), 1);
    assert_eq!(ledger.count("C_Decrypt"), 3);
}

#[test]
fn a_pin_that_a_use_refused_is_not_sent_again() {
    let keyed = Keyed::new();
    let (work, _) = three(&keyed);
    // The token's PIN is another one than the key's.
    let faulty = demanding(&keyed, "9876");
    let in_env = work.cmd(THREE).env("IEXEC_HSM_PIN", &keyed.token.pin);
    for cmd in [work.cmd(THREE).pin(), in_env] {
        let run = faulty.drive(cmd).run().fails(12);
        assert!(run.err().contains("refused the PIN"), "{}", run.err());
        let ledger = faulty.ledger();
        assert_eq!(ledger.logins(2).len(), 1, "{ledger:?}");
        assert_eq!(ledger.logins(2)[0].rv, "CKR_PIN_INCORRECT");
        assert_eq!(ledger.count("C_Decrypt"), 0, "no ciphertext was tried");
    }
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(THREE)));
    pty.expect(PROMPT).until_echo(false).send("1234\n");
    pty.expect(WHY).expect(PROMPT).until_echo(false);
    pty.send("5555\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    assert_eq!(faulty.ledger().logins(2).len(), 1);
    assert!(!work.exists("out"));
}

#[test]
fn nobody_is_asked_again_for_an_archive_that_is_bad() {
    let keyed = Keyed::new();
    let (work, _) = three(&keyed);
    let (_, stranger) = openssl::rsa_key(2048);
    let bad = Sealed::current(&stranger, &plain_zip(&[("x", b"1")]));
    work.write("a.zip", bad.archive());
    let faulty = demanding(&keyed, "1234");
    let run = faulty.drive(work.cmd(THREE).pin()).run().fails(20);
    assert!(run.err().contains("a.zip: cannot decrypt"), "{}", run.err());
    let ledger = faulty.ledger();
    assert_eq!(ledger.logins(2).len(), 3, "one for each archive");
    assert_eq!(ledger.count("C_Decrypt"), 3);
    assert!(work.exists("out/b.zip") && work.exists("out/c.zip"));
}

#[test]
fn a_state_that_grants_no_attempt_is_seen_before_each_use() {
    let keyed = Keyed::new();
    let (work, _) = three(&keyed);
    let faulty = demanding(&keyed, "9876").rule("flag +CKF_USER_PIN_LOCKED after 1");
    let run = faulty.drive(work.cmd(THREE).pin()).run().fails(13);
    assert!(run.err().contains("is blocked"), "{}", run.err());
    // Locked for all that come after.
    let run = faulty.drive(work.cmd(THREE).pin()).run().fails(13);
    assert!(run.err().contains("is blocked"), "{}", run.err());
    assert_eq!(faulty.ledger().logins(2).len(), 1);
}

#[test]
fn a_key_is_made_and_tried_with_one_login_for_the_trial() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("always-authenticate 1234");
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    faulty.drive(work.cmd(generate).pin()).run().ok();
    let ledger = faulty.ledger();
    assert_eq!(ledger.logins(1).len(), 2, "before and after the restart");
    assert_eq!(ledger.logins(2).len(), 1);
    let public = fs::read(work.path(format!(".secrets/beneficiary/{ADDRESS}_key.pub")));
    assert!(public.is_ok());
}
