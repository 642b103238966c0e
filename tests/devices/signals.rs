//! A signal while a call is in the module: the call is let come back, and the device keeps no session.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(60);
const GENERATE: [&str; 5] = [
    "result",
    "generate-keys",
    "--bits=2048",
    "--wallet-address",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
];

/// Whether a thread of the process has this name.
fn has_thread(id: u32, name: &str) -> bool {
    let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let names = threads.flatten().map(|it| it.path().join("comm"));
    names
        .filter_map(|it| fs::read_to_string(it).ok())
        .any(|it| it.trim_end() == name)
}

#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a command, and sends it SIGTERM while its first `call` hangs until there is a file `gate`.
fn interrupted<'t>(
    keyed: &'t Keyed,
    work: &Work<'_>,
    call: &str,
    gate: &Path,
) -> (Started, Faulty<'t>) {
    let faulty = Faulty::before(&keyed.token).rule(format!("{call} 1 hang {}", gate.display()));
    let (started, faulty) = hanging(faulty, keyed, work, call);
    started.signal(Signal::TERM);
    until("ending", || has_thread(started.id(), "ending"));
    (started, faulty)
}

/// Starts a command with a module whose first `call` hangs, and waits for that.
fn hanging<'t>(
    faulty: Faulty<'t>,
    keyed: &'t Keyed,
    work: &Work<'_>,
    call: &str,
) -> (Started, Faulty<'t>) {
    work.write("a.zip", keyed.archive(&plain_zip(&[("x", b"1")])));
    let args = match call {
        "C_GenerateKeyPair" => &GENERATE[..],
        "C_InitToken" => &["token", "init", "--token-label", "new", "--no-input"],
        "C_FindObjects" => &["key", "list"],
        _ => &["result", "decrypt", "a.zip"],
    };
    let mut cmd = work.cmd(args).pin();
    if call == "C_InitToken" {
        let old = &keyed.token.label;
        cmd = cmd.args(&["--force", "--token", old, "--confirm-label", old]);
        cmd = cmd.env("IEXEC_HSM_SO_PIN", &keyed.token.so_pin);
    }
    let started = faulty.drive(cmd).start();
    until("in the call", || {
        let calls = faulty.ledger();
        calls.of(call).iter().any(|it| it.rv == "hangs")
    });
    (started, faulty)
}

#[test]
fn the_call_comes_back_and_the_module_is_finalised() {
    for call in [
        "C_Login",
        "C_Decrypt",
        "C_FindObjects",
        "C_GenerateKeyPair",
        "C_InitToken",
    ] {
        let keyed = Keyed::new();
        let work = keyed.work();
        let gate = work.path("../gate");
        let (started, faulty) = interrupted(&keyed, &work, call, &gate);
        fs::write(&gate, "").unwrap();
        started.wait().killed_by(Signal::TERM);
        let ledger = faulty.ledger();
        let mut names = ledger.names().into_iter();
        assert_eq!(names.next(), Some(call));
        assert_eq!(ledger.0[0].rv, "CKR_OK", "{call}");
        assert!(
            names
                .clone()
                .all(|it| matches!(it, "C_CloseSession" | "C_Finalize")),
            "{ledger:?}"
        );
        assert_eq!(names.next_back(), Some("C_Finalize"));
        assert_eq!(names.count() > 0, call != "C_InitToken", "{call}");
    }
}

#[test]
fn a_second_signal_ends_it_while_the_call_hangs() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (started, _faulty) = interrupted(&keyed, &work, "C_Decrypt", &work.path("../gate"));
    started.signal(Signal::INT);
    started.wait().killed_by(Signal::INT);
}

#[test]
fn a_call_that_does_not_come_back_is_not_waited_for_for_ever() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (started, faulty) = interrupted(&keyed, &work, "C_Decrypt", &work.path("../gate"));
    started.wait().killed_by(Signal::TERM);
    assert_eq!(faulty.ledger().count("C_Finalize"), 0);
}

#[test]
fn nothing_is_called_beside_a_pin_pad_in_a_module_that_cannot_lock() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let gate = work.path("../gate");
    let (pin, so_pin) = (&keyed.token.pin, &keyed.token.so_pin);
    let faulty = Faulty::before(&keyed.token)
        .rule(format!("C_Login 1 hang {}", gate.display()))
        .rule(format!("pin-pad {pin} {so_pin}"))
        .rule("one-thread");
    let (started, faulty) = hanging(faulty, &keyed, &work, "C_Login");
    started.signal(Signal::TERM);
    // A second call in the module would have it abort.
    started.wait().killed_by(Signal::TERM);
    assert_eq!(faulty.ledger().names(), [""; 0]);
}

#[test]
fn what_fails_because_of_the_signal_is_not_told_as_a_failure() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let [gate, end] = ["../gate", "../end"].map(|name| work.path(name));
    work.write("a.zip", keyed.archive(&plain_zip(&[("x", b"1")])));
    let faulty = Faulty::before(&keyed.token)
        .rule(format!("C_Decrypt 1 hang {}", gate.display()))
        .rule(format!("C_Finalize 1 hang {}", end.display()));
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--output-dir", "new"]);
    let started = faulty.drive(cmd.pin()).start();
    until("in the call", || {
        let calls = faulty.ledger();
        calls.of("C_Decrypt").iter().any(|it| it.rv == "hangs")
    });
    started.signal(Signal::TERM);
    until("ending", || has_thread(started.id(), "ending"));
    // The folder for it is gone, so that it cannot be written.
    assert!(!work.path("new").exists());
    fs::write(&gate, "").unwrap();
    until("at its end", || {
        let calls = faulty.ledger();
        calls.of("C_Finalize").iter().any(|it| it.rv == "hangs")
    });
    let run = started.wait().killed_by(Signal::TERM);
    assert_eq!(run.err(), "");
}
