//! Secrets stand in locked memory while they are kept.

use std::fs;

use crate::support::failing_agent::gate;
use crate::support::*;

/// In the doctor's words.
const NOTHING: &str = "system locks no memory";

/// Kilobytes of the process that the kernel keeps out of swap.
fn locked(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmLck:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

/// Whether the system locks memory at all.
fn is_possible(work: &Work) -> bool {
    let is_possible = !work.run(["doctor", "--offline"]).out().contains(NOTHING);
    if !is_possible {
        eprintln!("skipped: the system locks no memory");
    }
    is_possible
}

/// What is locked by the command while this call of the module hangs.
fn locked_in(keyed: &Keyed, call: &str, option: &str) -> u64 {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let (_folder, gate) = gate();
    let rule = format!("{call} 1 hang {}", gate.display());
    let faulty = Faulty::before(&keyed.token).rule(&rule);
    let pin = keyed.token.secret_file("pin", &keyed.token.pin);
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--no-agent", "--pin-file"]);
    let cmd = faulty.drive(
        cmd.arg(pin)
            .args(&option.split_whitespace().collect::<Vec<_>>()),
    );
    let mut started = cmd.start();
    while !faulty.ledger().0.iter().any(|it| it.rv == "hangs") {
        assert!(started.runs(), "it ended before the call");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let locked = locked(started.id());
    fs::write(&gate, "").unwrap();
    started.wait();
    locked
}

#[test]
fn a_pin_of_the_command_line_is_locked_while_the_token_checks_it() {
    let keyed = Keyed::new();
    if is_possible(&keyed.work()) {
        // Before a PIN is read there is nothing to lock.
        assert_eq!(locked_in(&keyed, "C_Initialize", "-o a"), 0);
        assert!(locked_in(&keyed, "C_Login", "-o b") > 0);
    }
}

#[test]
fn a_content_key_is_locked_while_a_result_is_written() {
    let keyed = Keyed::new();
    let work = keyed.work();
    if !is_possible(&work) {
        return;
    }
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    fs::create_dir(work.path("out")).unwrap();
    work.write("out/a", "old");
    // An agent has the PIN: in this process there is the content key alone.
    let agent = Agent::unlocked(&work, &[]);
    let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip", "-x", "out"]);
    let mut pty = Pty::spawn(&cmd);
    pty.expect("replace it? [y/N] ");
    assert!(locked(pty.id()) > 0);
    assert_eq!(pty.send("n\n").wait().0, 22);
}

#[test]
fn where_nothing_may_be_locked_the_doctor_says_so_and_all_works() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    // Root needs no limit, but this capability.
    let without = [
        "setpriv",
        "--bounding-set=-ipc_lock",
        "--inh-caps=-ipc_lock",
        "prlimit",
        "--memlock=0",
    ];
    let cmd = |args: &[&str]| work.cmd(args).under(without);
    let doctor = cmd(&["doctor", "--offline"]).run();
    assert!(doctor.out().contains(NOTHING), "{}", doctor.out());
    cmd(&["result", "decrypt", "a.zip"]).pin().run().ok();
}
