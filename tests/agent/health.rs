//! Whether an agent is well, and who is told.

use std::fs;
use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;

use crate::support::agent::{Connection, command};
use crate::support::failing_agent::FailingAgent;
use crate::support::*;

const CHECK: [&str; 3] = ["agent", "status", "--check"];

#[test]
fn a_check_fails_unless_a_key_can_be_used() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    agent.cmd(&work, CHECK).run().ok();
    assert_eq!(agent.status()["usableKeys"], 1);
    agent.request("POST", "/v1/lock", "");
    let run = agent.cmd(&work, CHECK).run().fails(40);
    assert!(
        run.err()
            .contains("no key of the agent can be used: locked: somebody locked it"),
        "{}",
        run.err()
    );
    assert_eq!(agent.status()["usableKeys"], 0);
    agent.cmd(&work, ["agent", "status"]).run().ok();
    agent.cmd(&work, ["agent", "stop"]).run().ok();
    agent.cmd(&work, CHECK).run().fails(40);
}

#[test]
fn a_device_that_failed_is_told() {
    let keyed = Keyed::new();
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &["C_Decrypt 2 remove"]);
    it.works();
    assert_eq!(it.agent.status()["lastFailure"], serde_json::Value::Null);
    it.fails("device-failed");
    it.until("locked");
    assert_eq!(it.agent.status()["lastFailure"]["code"], "device-failed");
}

#[test]
fn an_agent_that_was_stopped_keeps_nobody_waiting() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let plain = plain_zip(&[("a", b"b")]);
    work.write("a.zip", keyed.archive(&plain));
    agent.signal(Signal::STOP);
    let run = agent
        .cmd(&work, CHECK)
        .args(&["--timeout", "1s"])
        .run()
        .fails(40);
    assert!(run.err().contains("does not answer"), "{}", run.err());
    agent.cmd(&work, ["agent", "lock"]).run().fails(40);
    let decrypt = ["result", "decrypt", "a.zip", "--no-input"];
    let required = agent.cmd(&work, decrypt).arg("--require-agent");
    required.run().fails(40);
    let doctor = agent.cmd(&work, ["doctor", "--offline"]).run();
    let told = doctor.out() + &doctor.err();
    assert!(told.contains("does not answer"), "{told}");
    // With the PIN at hand, the token itself is used.
    agent.cmd(&work, decrypt).pin().run().ok();
    assert!(work.read("results.zip") == plain);
}

/// The value of a metric.
fn metric(agent: &Agent, name: &str) -> Option<u64> {
    let answer = Connection::open(&agent.socket).send("GET", "/v1/metrics", "");
    assert_eq!(answer.status, 200);
    let text = String::from_utf8(answer.body).unwrap();
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(&format!("iexec_hsm_agent_{name} ")));
    value.map(|value| value.parse().unwrap())
}

#[test]
fn metrics_count_what_is_in_the_audit_log() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let good = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    agent.unwrap(&key, &good);
    agent.unwrap(&key, &good);
    agent.unwrap(&key, &[1; 256]);
    let unwraps = |outcome: &str| {
        let name = format!("requests_total{{request=\"unwrap\",outcome=\"{outcome}\"}}");
        metric(&agent, &name)
    };
    // A bad one does not show, nor whether it was the last.
    assert_eq!(unwraps("done"), Some(3));
    assert_eq!(unwraps("cannot-decrypt"), None);
    assert_eq!(metric(&agent, "state{state=\"unlocked\"}"), Some(1));
    assert_eq!(metric(&agent, "usable_keys"), Some(1));
    agent.request("POST", "/v1/lock", "");
    assert_eq!(metric(&agent, "state{state=\"unlocked\"}"), Some(0));
    assert_eq!(metric(&agent, "events_total{event=\"locked\"}"), Some(1));
    assert_eq!(metric(&agent, "audit_lines_lost_total"), Some(0));
}

#[test]
fn an_agent_whose_socket_is_gone_locks_and_ends() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for folder_too in [false, true] {
        let cmd = command(&work, &[]).env("IEXEC_HSM_AUDIT_LOG", work.path("audit.log"));
        let agent = Agent::start(cmd.pin());
        match folder_too {
            false => fs::remove_file(&agent.socket).unwrap(),
            true => fs::remove_dir_all(agent.socket.parent().unwrap()).unwrap(),
        }
        let run = agent.wait().ok();
        assert!(run.err().contains("the socket is gone"), "{}", run.err());
        let log = fs::read_to_string(work.path("audit.log")).unwrap();
        assert!(log.contains("its socket is gone"), "{log}");
        fs::remove_file(work.path("audit.log")).unwrap();
    }
}

#[test]
fn the_watchdog_is_told_that_it_is_well() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_folder, path) = crate::support::agent::socket_folder();
    let notify = UnixDatagram::bind(&path).unwrap();
    let cmd = command(&work, &[]).env("NOTIFY_SOCKET", &path);
    let _agent = Agent::start(cmd.env("WATCHDOG_USEC", "200000").pin());
    let mut said = Vec::new();
    for _ in 0..4 {
        let mut word = [0; 64];
        let len = notify.recv(&mut word).unwrap();
        said.push(String::from_utf8(word[..len].to_vec()).unwrap());
    }
    said.retain(|word| word == "WATCHDOG=1\n");
    assert_eq!(said.len(), 3);
}

#[test]
fn an_agent_that_is_stopped_in_the_middle_of_a_request_is_not_waited_for_much_longer_than_it_would_take()
 {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let faulty = Faulty::before(&keyed.token);
    let never = work.path("never");
    let faulty = faulty.rule(format!("C_Decrypt 1 hang {}", never.display()));
    let start = command(&work, &["--request-timeout", "1s"]).pin();
    let mut agent = Agent::start(faulty.drive(start));
    assert_eq!(agent.status()["requestSeconds"], 1);
    let decrypt = ["result", "decrypt", "a.zip", "--agent-wait", "0"];
    let decrypt = agent.cmd(&work, decrypt).start();
    agent.until("it hangs", |_| faulty.ledger().count("C_Decrypt") > 0);
    agent.signal(Signal::STOP);
    let run = decrypt.wait().fails(40);
    assert!(run.err().contains("does not answer"), "{}", run.err());
    agent.signal(Signal::CONT);
}

#[test]
fn what_another_program_did_to_the_pin_is_told_at_once() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let wrong = keyed.token.secret_file("wrong", "99999999");
    for locks in [false, true] {
        let faulty = Faulty::before(&keyed.token).rule("pin-tries 3");
        let mut agent = Agent::start(faulty.drive(command(&work, &["--sessions", "2"]).pin()));
        assert_eq!(agent.status()["pin"], "ok");
        if locks {
            assert_eq!(agent.request("POST", "/v1/lock", "").0, 200);
        }
        let used = agent.status()["locksInSeconds"].clone();
        for state in ["count-low", "final-try"] {
            let list = work.cmd(["key", "list", "--no-input", "--pin-file"]);
            faulty.drive(list.arg(&wrong)).run().fails(12);
            agent.until(state, |agent| agent.status()["pin"] == state);
        }
        let told = agent.cmd(&work, ["agent", "status"]).run().ok();
        assert_eq!(
            told.out().contains("one attempt left"),
            locks,
            "{}",
            told.out()
        );
        // A look is no use of it.
        let now = agent.status()["locksInSeconds"].clone();
        assert!(locks || now.as_u64() < used.as_u64(), "{used} {now}");
        // A login that is made by somebody who knows the PIN clears it.
        let list = work.cmd(["key", "list", "--final-pin-try"]).pin();
        faulty.drive(list).run().ok();
        agent.until("it is well", |agent| agent.status()["pin"] == "ok");
    }
}
