//! An agent that somebody has locked stays locked until somebody unlocks it, and who is asked for a PIN is told what it does.

use rustix::process::Signal;

use crate::support::*;

/// Answers the next question for the PIN, which says this of the agent before it.
fn answer(pty: &mut Pty, token: &Token, effect: &str) {
    pty.expect(&format!("{effect}\r\nPIN of the token \"test\": "));
    pty.until_echo(false).send(&format!("{}\n", token.pin));
}

const BY_HAND: &str = "The PIN is used once: the agent was locked by hand, and stays locked.";
const UNLOCKS: &str = "The PIN unlocks the agent for 15 minutes from its last use.";

#[test]
fn a_pin_that_is_typed_for_a_decryption_does_not_unlock_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    agent.cmd(&work, ["agent", "lock"]).run().ok();
    assert_eq!(agent.status()["lockedByHand"], true);
    // Each time it is asked for anew.
    for _ in 0..2 {
        let mut pty = Pty::spawn(&agent.cmd(&work, ["result", "decrypt", "a.zip", "--force"]));
        answer(&mut pty, &keyed.token, BY_HAND);
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{shown}");
        assert_eq!(agent.state(), "locked");
    }
    let asked = agent.requests();
    assert!(
        !asked.iter().any(|it| it["request"] == "unlock"),
        "{asked:?}"
    );

    let mut pty = Pty::spawn(&agent.cmd(&work, ["agent", "unlock"]));
    answer(&mut pty, &keyed.token, UNLOCKS);
    assert_eq!(pty.wait().0, 0);
    assert_eq!(
        (agent.state().as_str(), &agent.status()["lockedByHand"]),
        ("unlocked", &false.into())
    );
    let decrypt = ["result", "decrypt", "a.zip", "--force", "--no-input"];
    agent.cmd(&work, decrypt).run().ok();
}

#[test]
fn one_that_nobody_has_locked_is_unlocked_by_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    for (args, effect) in [
        (&[][..], UNLOCKS),
        (
            &["--idle", "90s", "--max-lifetime", "8h"],
            "The PIN unlocks the agent for 90 seconds from its last use, 8 hours at most.",
        ),
        (
            &["--idle", "0"],
            "The PIN unlocks the agent until it is locked.",
        ),
    ] {
        let agent = Agent::locked(&work, args);
        let mut pty = Pty::spawn(&agent.cmd(&work, ["result", "decrypt", "a.zip", "--force"]));
        answer(&mut pty, &keyed.token, effect);
        assert_eq!(pty.wait().0, 0);
        assert_eq!(agent.state(), "unlocked");
    }
}

#[test]
fn a_pin_of_a_file_does_not_unlock_it_either() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    agent.cmd(&work, ["agent", "lock"]).run().ok();
    let decrypt = |args: &[&str]| {
        let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip", "--raw", "--force"]);
        cmd.args(args)
    };
    for cmd in [
        decrypt(&["--require-agent"]).pin(),
        decrypt(&["--no-input"]),
    ] {
        let error = cmd.run().fails(40).raw_error();
        assert_eq!(error["code"], "agent-not-available");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("somebody locked it"), "{message}");
    }
    decrypt(&[]).pin().run().ok();
    assert_eq!(agent.state(), "locked");
}

#[test]
fn a_lock_is_said_however_and_whenever_it_is_said() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &[]);
    assert_eq!(agent.status()["lockedByHand"], false);
    agent.signal(Signal::HUP);
    agent.until("it is locked", |agent| agent.state() == "locked");
    assert_eq!(agent.status()["lockedByHand"], true);
    // A PIN that is wrong unlocks nothing.
    assert_eq!(agent.unlock("9999").0, 403);
    assert_eq!(agent.status()["lockedByHand"], true);
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(agent.status()["lockedByHand"], false);
    drop(agent);
    // Nobody had unlocked it.
    let agent = Agent::locked(&work, &[]);
    assert_eq!(agent.status()["lockedByHand"], false);
    let status = agent.request("POST", "/v1/lock", "").1;
    assert_eq!(status["reason"], "somebody locked it");
    assert_eq!(status["lockedByHand"], true);
}

#[test]
fn other_commands_say_that_they_leave_it_as_it_is() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    let look = |args: &[&str], effect: &str| {
        let mut pty = Pty::spawn(&agent.cmd(&work, args));
        answer(&mut pty, &keyed.token, effect);
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{shown}");
    };
    let once = "The PIN is used once: it does not unlock the agent.";
    look(&["key", "list"], once);
    look(&["doctor", "--login"], once);
    let generate = ["result", "generate-keys", "--bits", "2048"];
    let address = ["--wallet-address", ADDRESS];
    look(&[&generate[..], &address].concat(), once);
    assert_eq!(agent.state(), "locked");
    agent.request("POST", "/v1/lock", "");
    look(&["key", "list"], BY_HAND);
    agent.unlock(&keyed.token.pin);
    look(
        &[&generate[..], &address, &["--force"]].concat(),
        "The PIN is used once: this command asks the token itself, not the agent.",
    );
}
