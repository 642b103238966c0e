//! An agent that is started before its token is plugged in: it says so, waits, and takes it when it comes.

use crate::support::agent::command;
use crate::support::*;

/// A token that is plugged in before the third `C_Initialize` of a process, and not there before.
fn late(keyed: &Keyed) -> Faulty<'_> {
    Faulty::before(&keyed.token)
        .rule("C_Initialize 1 remove")
        .rule("C_Initialize 3 insert")
}

#[test]
fn an_agent_without_its_token_waits_for_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = late(&keyed);
    let mut agent = Agent::start(faulty.drive(command(&work, &["--token", "test"])));
    let status = agent.status();
    assert_eq!(
        (&status["absent"], &status["state"]),
        (&true.into(), &"locked".into())
    );
    assert_eq!(status["reason"], "its token is not there yet");
    assert_eq!(status["token"], "pkcs11:token=test");
    agent.until("it is there", |agent| agent.status()["absent"] == false);
    let status = agent.status();
    assert_eq!(status["reason"], "nobody has unlocked it yet");
    assert!(
        status["token"].as_str().unwrap().contains("serial="),
        "{status}"
    );
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    assert_eq!(agent.unwrap(&agent.key(), &wrapped).0, 200);
}

#[test]
fn a_pin_that_was_given_unlocks_it_when_it_comes_with_one_attempt() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = late(&keyed);
    let mut agent = Agent::start(faulty.drive(command(&work, &["--token", "test"]).pin()));
    assert_eq!(agent.status()["absent"], true);
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn an_agent_in_the_background_says_that_its_token_is_not_there() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule("C_Initialize 1 remove");
    let start = command(&work, &["--detach", "--token", "test"]).pin();
    let run = faulty.drive(start).run().ok();
    let err = run.err();
    assert!(
        err.contains("not there yet: the agent waits for it"),
        "{err}"
    );
    let socket = work.folder().join("../agent/agent.sock");
    let agent = |words: [&str; 2]| {
        let cmd = work.cmd(words);
        cmd.env("IEXEC_HSM_AGENT_SOCK", &socket).run().ok()
    };
    let told = agent(["agent", "status"]).out();
    assert!(told.contains("its token is not there yet"), "{told}");
    agent(["agent", "stop"]);
}
