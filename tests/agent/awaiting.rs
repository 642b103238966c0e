//! An agent that is started before its token is plugged in: it says so, waits, and takes it when it comes.

use std::cell::Cell;
use std::fs;

use rustix::process::Signal;

use crate::support::agent::{all_gone, command};
use crate::support::failing_agent::gate;
use crate::support::*;

/// A token that is plugged in before the third `C_Initialize` of a process, and not there before.
fn late(keyed: &Keyed) -> Faulty<'_> {
    Faulty::before(&keyed.token)
        .rule("one-device")
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
    let args = ["--token", "test", "--sessions", "1"];
    let mut agent = Agent::start(faulty.drive(command(&work, &args).pin()));
    assert_eq!(agent.status()["absent"], true);
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn an_agent_in_the_background_says_that_its_token_is_not_there() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token)
        .rule("one-device")
        .rule("C_Initialize 1 remove");
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

/// Unlocks it with a PIN that is wrong: whoever had unlocked it before would be told that it is unlocked.
#[track_caller]
fn nobody_has_unlocked(agent: &Agent) {
    let (status, body) = agent.unlock("99999999");
    assert_eq!(body["error"]["code"], "pin-wrong", "{status}");
}

fn is_told(agent: &Agent, event: &str) -> bool {
    agent.lines().iter().any(|line| line["event"] == event)
}

#[test]
fn an_agent_that_is_locked_while_it_waits_forgets_the_pin() {
    let keyed = Keyed::new();
    for by_signal in [false, true] {
        let work = keyed.work();
        let (_folder, gate) = gate();
        let faulty = Faulty::before(&keyed.token)
            .rule("one-device")
            .rule("C_Initialize 1 remove")
            .rule(format!("C_Initialize 2 hang {}", gate.display()))
            .rule("C_Initialize 2 insert");
        let mut agent = Agent::start(faulty.drive(command(&work, &["--token", "test"]).pin()));
        agent.until("it looks", |_| {
            let ledger = faulty.ledger();
            ledger.of("C_Initialize").iter().any(|it| it.rv == "hangs")
        });
        if by_signal {
            agent.signal(Signal::HUP);
        } else {
            assert_eq!(agent.request("POST", "/v1/lock", "").0, 200);
        }
        agent.until("it is told", |agent| is_told(agent, "locked"));
        fs::write(&gate, "").unwrap();
        agent.until("it is there", |agent| agent.status()["absent"] == false);
        nobody_has_unlocked(&agent);
        assert_eq!(agent.state(), "locked");
        agent.signal(Signal::TERM);
        agent.wait().ok();
        assert_eq!(
            faulty.ledger().count("C_Login"),
            1,
            "that with the wrong PIN"
        );
    }
}

#[test]
fn a_pin_is_kept_for_a_token_that_is_named_and_for_no_other() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = late(&keyed);
    let mut agent = Agent::start(faulty.drive(command(&work, &[]).pin()));
    agent.until("any is there", |agent| agent.status()["absent"] == false);
    nobody_has_unlocked(&agent);
    agent.signal(Signal::TERM);
    let run = agent.wait().ok();
    assert_eq!(
        faulty.ledger().count("C_Login"),
        1,
        "that with the wrong PIN"
    );
    let warning = "warning: no token is named that the PIN is for";
    assert!(run.err().contains(warning), "{}", run.err());

    let work = keyed.work();
    let faulty = late(&keyed);
    let agent = faulty.drive(command(&work, &["--token", "other"]).pin());
    let mut agent = Agent::start(agent);
    let looks = Cell::new(0);
    agent.until("it has seen the other one", |_| {
        let ledger = faulty.ledger();
        assert_eq!(ledger.count("C_Login"), 0);
        looks.set(looks.get() + ledger.count("C_Initialize"));
        looks.get() >= 5
    });
    assert_eq!(agent.status()["absent"], true);
    agent.signal(Signal::TERM);
    let run = agent.wait().ok();
    assert_eq!(faulty.ledger().count("C_Login"), 0);
    assert!(!run.err().contains("warning"), "{}", run.err());
}

#[test]
fn a_look_for_the_token_that_hangs_is_ended_and_the_next_one_finds_it() {
    let keyed = Keyed::new();
    for by_signal in [false, true] {
        let work = keyed.work();
        let (_folder, gate) = gate();
        let faulty = Faulty::before(&keyed.token)
            .rule("one-device")
            .rule("C_Initialize 1 remove")
            .rule(format!("C_Initialize 2 hang {}", gate.display()))
            .rule("C_Initialize 3 insert");
        let args = ["--token", "test", "--request-timeout", "1s"];
        let mut agent = Agent::start(faulty.drive(command(&work, &args)));
        agent.until("it is told", |agent| is_told(agent, "worker-ended"));
        agent.until("it is there", |agent| agent.status()["absent"] == false);
        let workers = agent.workers();
        if by_signal {
            agent.signal(Signal::TERM);
        } else {
            assert_eq!(agent.request("POST", "/v1/stop", "").0, 200);
        }
        agent.wait().ok();
        assert_eq!(faulty.ledger().names().last(), Some(&"C_Finalize"));
        assert!(all_gone(&workers), "{workers:?}");
    }
}

#[test]
fn a_device_that_is_waking_up_when_it_comes_is_asked_again() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = late(&keyed).rule("C_OpenSession 1-2 return CKR_DEVICE_ERROR");
    let args = ["--token", "test", "--sessions", "1"];
    let mut agent = Agent::start(faulty.drive(command(&work, &args).pin()));
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn a_pin_that_is_refused_when_the_token_comes_is_sent_once() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = late(&keyed).rule("C_Login 1 return CKR_PIN_INCORRECT");
    let mut agent = Agent::start(faulty.drive(command(&work, &["--token", "test"]).pin()));
    agent.until("it was refused", |agent| is_told(agent, "not-unlocked"));
    let (status, body) = agent.unlock(&keyed.token.pin);
    assert_eq!(body["error"]["code"], "pin-wrong", "{status}");
    agent.signal(Signal::TERM);
    let run = agent.wait().ok();
    assert!(run.err().contains("refused the PIN"), "{}", run.err());
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn keys_of_which_the_token_shows_no_public_key_are_known_when_it_comes() {
    let token = Token::new();
    let work = Work::new(&token);
    let address = ["--wallet-address", ADDRESS];
    let generate = ["result", "generate-keys", "--bits=2048"];
    work.run([&generate[..], &address].concat()).ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let faulty = Faulty::before(&token)
        .rule("C_Initialize 1 remove")
        .rule("C_Initialize 3 insert")
        .rule("hide CKO_PUBLIC_KEY")
        .rule("private-attribute CKA_MODULUS missing");
    // The key file names the token, and so the PIN is for it.
    let mut agent = Agent::start(faulty.drive(command(&work, &[]).pin()));
    assert_eq!(agent.status()["absent"], true);
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    let wrapped = openssl::rsa_wrap(std::str::from_utf8(&public).unwrap(), &[7; 32]);
    assert_eq!(agent.unwrap(&agent.key(), &wrapped).0, 200);
}

#[test]
fn a_token_whose_module_nobody_names_is_waited_for_in_the_first_that_is_found() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let found = |faulty: &Faulty<'_>, args: &[&str]| {
        faulty.be_found(command(&work, args), &["libnethsm_pkcs11.so"])
    };
    let faulty = late(&keyed);
    let Some(cmd) = found(&faulty, &["--token", "test"]) else {
        return;
    };
    let mut agent = Agent::start(cmd);
    assert_eq!(agent.status()["absent"], true);
    agent.until("it is there", |agent| agent.status()["absent"] == false);
    drop(agent);
    // Nothing says which token is meant.
    let faulty = Faulty::before(&keyed.token)
        .rule("one-device")
        .rule("C_Initialize 1 remove");
    let Some(cmd) = found(&faulty, &[]) else {
        return;
    };
    cmd.run().fails(10);
}
