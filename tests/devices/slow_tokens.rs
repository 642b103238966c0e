//! Devices that take their time: what is waited for is said, and no call is given up.

use std::fs;

use crate::support::*;

/// Runs `args` with the call hanging until the terminal shows `line`.
fn says(call: &str, line: &str, rules: &[&str], args: &[&str]) {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("x", b"1")])));
    let gate = work.path("go");
    let slow = format!("{call} 1 hang {}", gate.display());
    let faulty = Faulty::before(&keyed.token).rule(slow);
    let faulty = rules.iter().fold(faulty, Faulty::rule);
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(args).pin()));
    pty.expect(line);
    fs::write(&gate, "").unwrap();
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("Waiting for").count(), 1, "{shown}");
}

const DECRYPT: [&str; 3] = ["result", "decrypt", "a.zip"];
const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

#[test]
fn a_device_may_wait_for_a_touch() {
    says("C_Decrypt", "touch it", &["hardware"], &DECRYPT);
}

#[test]
fn a_program_waits_for_no_touch() {
    says("C_Decrypt", "to use the key", &[], &DECRYPT);
}

#[test]
fn a_slow_login_is_told_of() {
    says("C_Login", "to take the PIN", &[], &DECRYPT);
}

#[test]
fn a_key_that_takes_minutes_is_told_of() {
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        OTHER,
    ];
    says(
        "C_GenerateKeyPair",
        "to make the key",
        &["hardware"],
        &generate,
    );
}

#[test]
fn raw_and_quiet_say_nothing() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("x", b"1")])));
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt 1 sleep 2300");
    faulty
        .drive(work.cmd(DECRYPT).arg("--raw").pin())
        .run()
        .ok()
        .raw();
    let cmd = work.cmd(DECRYPT).arg("--quiet").arg("--force").pin();
    let run = faulty.drive(cmd).run().ok();
    assert!(!run.err().contains("Waiting"), "{}", run.err());
}

#[test]
fn each_slow_call_of_a_run_is_told_of_once() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("x", b"1")])));
    let faulty = Faulty::before(&keyed.token)
        .rule("C_Login 1 sleep 2300")
        .rule("C_Decrypt 1 sleep 2300");
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(DECRYPT).pin()));
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    for line in ["to take the PIN", "to use the key"] {
        assert_eq!(shown.matches(line).count(), 1, "{shown}");
    }
}
