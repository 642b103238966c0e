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
    pty.expect(&format!("({call} of "));
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

/// Runs `cmd` with the first call of each of `functions` hanging, all at once, until it is named with the module's path.
fn names_each(functions: &[&str], cmd: impl Fn(&Work<'_>) -> Cmd) {
    // A token for each: they begin at once, for which SoftHSM2's locks are not made.
    let tokens: Vec<Token> = functions.iter().map(|_| Token::new()).collect();
    let prepared = functions.iter().zip(&tokens).map(|(function, token)| {
        let work = Work::new(token);
        let gate = work.path("go");
        let slow = format!("{function} 1 hang {}", gate.display());
        let faulty = Faulty::before(token).rule(slow);
        let cmd = faulty.drive(cmd(&work));
        (function, cmd, gate, work, faulty)
    });
    let prepared: Vec<_> = prepared.collect();
    // All begin before the first one is waited for.
    let started = prepared.iter().map(|it| (it, Pty::spawn(&it.1)));
    let started: Vec<_> = started.collect();
    for ((function, _, gate, ..), mut pty) in started {
        pty.expect("Waiting for the ");
        pty.expect(function);
        pty.expect(" ...");
        fs::write(gate, "").unwrap();
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{function}: {shown}");
        let module = Faulty::module().display().to_string();
        assert!(shown.contains(&module), "{function}: {shown}");
    }
}

#[test]
fn every_call_that_hangs_is_named_with_the_module() {
    let functions = [
        "C_Initialize",
        "C_GetInfo",
        "C_GetSlotList",
        "C_GetSlotInfo",
        "C_GetTokenInfo",
        "C_OpenSession",
        "C_FindObjectsInit",
        "C_FindObjects",
        "C_CloseSession",
        "C_Finalize",
    ];
    names_each(&functions, |work| work.cmd(["key", "list"]).pin());
}

#[test]
fn an_agent_that_is_started_names_what_it_waits_for() {
    let functions = ["C_Initialize", "C_GetSlotList", "C_GetTokenInfo"];
    names_each(&functions, |work| {
        agent::command(work, &["--detach", "--exit-when-idle", "--idle", "1s"])
    });
}
