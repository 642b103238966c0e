//! The worker processes of an agent: one that crashes or hangs takes nothing else along, and none stays behind.

use std::fs;
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::agent::{Connection, all_gone, command, unwrap_body};
use crate::support::failing_agent::{CONTENT_KEY, FailingAgent, gate};
use crate::support::faulty::Call;
use crate::support::*;

/// Sends a request for the content key, and does not wait for the answer.
fn asked(it: &FailingAgent<'_>) -> Connection {
    let mut connection = Connection::open(&it.agent.socket);
    let body = unwrap_body(&it.key, &it.wrapped).to_string();
    connection.write(&format!(
        "POST /v1/unwrap HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    connection
}

/// The codes of the answers to as many requests at a time; nothing for the right key.
fn parallel(it: &FailingAgent<'_>, count: usize) -> Vec<Option<String>> {
    let asked: Vec<_> = (0..count).map(|_| asked(it)).collect();
    let answers = asked.into_iter().map(|mut connection| {
        let (status, body) = connection.answer().json();
        if status == 200 {
            assert_eq!(body["contentKey"], BASE64_STANDARD.encode(CONTENT_KEY));
            return None;
        }
        Some(body["error"]["code"].as_str().unwrap().to_owned())
    });
    answers.collect()
}

/// Asks for the content key, and waits until the call hangs; all calls until then.
fn hanging(it: &mut FailingAgent<'_>) -> Vec<Call> {
    let _asked = asked(it);
    let (faulty, mut calls) = (&it.faulty, vec![]);
    it.agent.until("it hangs", |_| {
        calls.extend(faulty.ledger().0);
        calls.iter().any(|it: &Call| it.rv == "hangs")
    });
    calls
}

/// The call that a worker is in, by the file in memory that it notes it in.
fn call_of(worker: u32) -> Option<String> {
    let mut files = fs::read_dir(format!("/proc/{worker}/fd")).ok()?;
    let is_it = |path: &std::path::PathBuf| {
        let file = fs::read_link(path).unwrap_or_default();
        file.to_string_lossy().starts_with("/memfd:call")
    };
    let notebook = files.find_map(|file| Some(file.ok()?.path()).filter(is_it))?;
    let note = fs::read_to_string(notebook).ok()?;
    Some(note.split('\0').next()?.to_owned())
}

fn kill(process: u32, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

/// How the workers ended, in the words of the audit log.
fn ends(agent: &Agent) -> Vec<String> {
    let mut lines = agent.lines();
    lines.retain(|line| line["event"] == "worker-ended");
    let reasons = lines.iter().map(|line| line["reason"].as_str().unwrap());
    reasons.map(str::to_owned).collect()
}

#[test]
fn a_worker_that_crashes_is_replaced_and_nobody_notices() {
    let keyed = Keyed::new();
    let args = ["--sessions", "2", "--keep-pin"];
    let mut it = FailingAgent::new(&keyed, &args, &["C_Decrypt 5 crash"]);
    assert_eq!(parallel(&it, 20), vec![None; 20]);
    it.agent.until("there are two again", |agent| {
        agent.status()["sessions"] == 2
    });
    assert_eq!(it.agent.state(), "unlocked");
    assert_eq!(it.agent.status()["workersEnded"], 1);
    assert_eq!(ends(&it.agent), ["in C_Decrypt: SIGSEGV, signal 11"]);
    let ledger = it.faulty.ledger();
    // Of each of the two, and of the one in the place of the first.
    assert_eq!(ledger.logins(1).len(), 3);
    assert_eq!(ledger.count("C_Decrypt"), 21);
    assert_eq!(parallel(&it, 20), vec![None; 20]);
}

#[test]
fn a_module_that_bears_one_use_of_a_key_at_a_time_has_one_in_each_process() {
    let keyed = Keyed::new();
    // As openCryptoki's software token does.
    let rules = ["not-at-once C_Decrypt", "C_Decrypt * sleep 5"];
    let it = FailingAgent::new(&keyed, &["--sessions", "4"], &rules);
    assert_eq!(parallel(&it, 20), vec![None; 20]);
    assert_eq!(it.agent.status()["workersEnded"], 0);
}

#[test]
fn what_a_worker_was_asked_that_is_killed_is_done_by_another() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 1 hang {}", gate.display());
    for args in [
        &["--sessions", "1", "--keep-pin"],
        &["--sessions", "2", "--idle=1h"],
    ] {
        let mut it = FailingAgent::new(&keyed, &args[..], &[&hang]);
        let mut waits = asked(&it);
        it.agent.until("a worker decrypts", |agent| {
            let mut workers = agent.workers();
            workers.retain(|id| call_of(*id).as_deref() == Some("C_Decrypt"));
            workers.iter().for_each(|id| kill(*id, Signal::KILL));
            workers.len() == 1
        });
        // It may have been killed before the module had counted the call.
        fs::write(&gate, "").unwrap();
        let (status, body) = waits.answer().json();
        let expected = BASE64_STANDARD.encode(CONTENT_KEY);
        assert_eq!(
            (status, &body["contentKey"]),
            (200, &expected.into()),
            "{body}"
        );
        assert_eq!(ends(&it.agent), ["in C_Decrypt: SIGKILL, signal 9"]);
        it.works();
        fs::remove_file(&gate).unwrap();
    }
}

#[test]
fn without_the_pin_the_others_go_on() {
    let keyed = Keyed::new();
    let it = FailingAgent::new(&keyed, &["--sessions", "2"], &["C_Decrypt 5 crash"]);
    assert_eq!(parallel(&it, 20), vec![None; 20]);
    let status = it.agent.status();
    assert_eq!(
        (&status["state"], &status["sessions"]),
        (&"unlocked".into(), &1.into())
    );
    assert_eq!(it.faulty.ledger().logins(1).len(), 2);
    let told = it.agent.cmd(&keyed.work(), ["agent", "status"]).run().ok();
    assert!(told.out().contains("1 worker crashed"), "{}", told.out());
}

#[test]
fn the_last_worker_that_crashes_locks_an_agent_without_the_pin() {
    let keyed = Keyed::new();
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &["C_Decrypt 2 crash"]);
    it.works();
    it.fails("device-failed");
    it.until("locked");
    let reason = it.agent.status()["reason"].clone();
    assert!(reason.as_str().unwrap().contains("process"), "{reason}");
    assert_eq!(it.agent.status()["lastFailure"]["code"], "device-failed");
    assert_eq!(it.agent.unlock(&keyed.token.pin).0, 200);
    it.works();
}

#[test]
fn the_only_worker_is_replaced_where_the_pin_is_kept_or_none_is_needed() {
    let keyed = Keyed::new();
    let crash = "C_Decrypt 2 crash";
    let it = FailingAgent::new(&keyed, &["--sessions", "1", "--keep-pin"], &[crash]);
    it.works();
    it.works();
    assert_eq!(it.faulty.ledger().logins(1).len(), 2);
    let needs_none = format!("needs-no-login {}", keyed.token.pin);
    let it = FailingAgent::without_pin(&keyed, &["--sessions", "1"], &[&needs_none, crash]);
    it.works();
    it.works();
    assert_eq!(it.agent.status()["workersEnded"], 1);
}

#[test]
fn a_request_that_crashes_each_worker_is_given_up_after_the_second() {
    let keyed = Keyed::new();
    let args = ["--sessions", "2", "--keep-pin"];
    let it = FailingAgent::new(&keyed, &args, &["C_Decrypt 2-3 crash"]);
    it.works();
    it.fails("device-failed");
    it.works();
    assert_eq!(ends(&it.agent).len(), 2);
}

#[test]
fn a_key_that_demands_the_pin_each_time_is_not_used_twice() {
    let keyed = Keyed::new();
    let rule = format!("always-authenticate {}", keyed.token.pin);
    let args = ["--sessions", "1", "--keep-pin"];
    let mut it = FailingAgent::new(&keyed, &args, &[&rule, "C_Decrypt 1 crash"]);
    it.fails("device-failed");
    assert_eq!(it.faulty.ledger().count("C_Decrypt"), 1);
    it.agent
        .until("it is replaced", |agent| agent.status()["sessions"] == 1);
    it.works();
}

#[test]
fn a_worker_that_hangs_is_ended_and_the_others_answer() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 5 hang {}", gate.display());
    for (keeps_pin, sessions) in [("--keep-pin", 2), ("--idle=1h", 1)] {
        let args = ["--sessions", "2", "--request-timeout", "2s", keeps_pin];
        let mut it = FailingAgent::new(&keyed, &args, &[&hang]);
        let mut answers = parallel(&it, 20);
        answers.sort();
        let (good, bad) = answers.split_at(19);
        assert_eq!(good, vec![None; 19]);
        assert_eq!(bad, [Some("device-failed".to_owned())]);
        it.agent
            .until("it is ended", |agent| ends(agent).len() == 1);
        assert_eq!(ends(&it.agent), ["in C_Decrypt: no answer within 2 s"]);
        it.agent.until("as many are left", |agent| {
            agent.status()["sessions"] == sessions
        });
        assert_eq!(it.agent.state(), "unlocked");
        it.works();
    }
}

#[test]
fn a_wrong_pin_costs_one_attempt_however_many_workers_there_are() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token);
    let agent = Agent::start(faulty.drive(command(&work, &["--sessions", "4"])));
    assert_eq!(agent.unlock("99999999").1["error"]["code"], "pin-wrong");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(agent.status()["sessions"], 4);
    assert_eq!(faulty.ledger().count("C_Login"), 4);
}

/// Whether a process has a file of this name mapped.
fn has_mapped(id: u32, name: &str) -> bool {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    maps.contains(name)
}

#[test]
fn the_front_has_no_module_and_what_keeps_the_pin_has_none_either() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--sessions", "2", "--keep-pin"]);
    agent.key();
    let module = keyed.token.module.file_name().unwrap().to_str().unwrap();
    assert!(!has_mapped(agent.id(), module));
    let mut workers = agent.workers();
    workers.retain(|id| has_mapped(*id, module));
    assert_eq!((workers.len(), agent.workers().len()), (2, 3));
}

#[test]
fn no_worker_stays_when_the_front_is_killed_and_each_finalises_its_module() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 1 hang {}", gate.display());
    let args = ["--sessions", "2", "--keep-pin"];
    let mut it = FailingAgent::new(&keyed, &args, &[&hang]);
    let workers = it.agent.workers();
    let mut calls = hanging(&mut it);
    it.agent.signal(Signal::KILL);
    it.agent.until("the idle ones are gone", |_| {
        let left = workers.iter().filter(|id| !all_gone(&[**id]));
        left.count() == 1
    });
    // The call that is made may be writing, and is let back.
    fs::write(&gate, "").unwrap();
    it.agent.until("all are gone", |_| all_gone(&workers));
    calls.extend(it.faulty.ledger().0);
    let count = |name: &str| calls.iter().filter(|it| it.name == name).count();
    assert_eq!(count("C_Finalize"), count("C_Initialize"));
    assert_eq!(count("C_CloseSession"), count("C_OpenSession"));
}

#[test]
fn a_worker_that_hangs_does_not_outlive_the_front_for_long() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 1 hang {}", gate.display());
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &[&hang]);
    let workers = it.agent.workers();
    hanging(&mut it);
    it.agent.signal(Signal::KILL);
    it.agent.until("it is gone", |_| all_gone(&workers));
}

#[test]
fn signals_of_a_terminal_are_for_the_front() {
    let keyed = Keyed::new();
    let it = FailingAgent::new(&keyed, &["--sessions", "2"], &[]);
    let workers = it.agent.workers();
    for id in &workers {
        for signal in [Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP] {
            kill(*id, signal);
        }
    }
    for _ in 0..4 {
        it.works();
    }
    assert_eq!(it.agent.workers(), workers);
    assert_eq!(it.agent.status()["workersEnded"], 0);
    // From a terminal the front has them, too.
    it.agent.signal(Signal::INT);
    it.agent.wait().ok();
    assert!(all_gone(&workers));
}

#[test]
fn workers_use_the_same_keys_although_the_token_has_another_label_for_some() {
    let keyed = Keyed::new();
    let rules = ["label another after 1", "C_Decrypt 10 crash"];
    let args = ["--sessions", "2", "--keep-pin"];
    let it = FailingAgent::new(&keyed, &args, &rules);
    assert_eq!(parallel(&it, 20), vec![None; 20]);
}

#[test]
fn what_was_made_since_is_found_by_all_workers() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--sessions", "2"]);
    agent.key();
    let generate = ["result", "generate-keys", "--bits=2048", "--force"];
    work.run([&generate[..], &["--wallet-address", ADDRESS]].concat())
        .ok();
    let (_, keys) = agent.get("/v1/keys");
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let public = key["publicKey"].as_str().unwrap();
        let wrapped = openssl::rsa_wrap(public, &CONTENT_KEY);
        let uri = key["key"].as_str().unwrap();
        // As many at a time as there are workers, and more.
        let answers = thread::scope(|scope| {
            let asking = (0..6).map(|_| scope.spawn(|| agent.unwrap(uri, &wrapped)));
            let asking: Vec<_> = asking.collect();
            let answers = asking.into_iter().map(|it| it.join().unwrap());
            answers.collect::<Vec<_>>()
        });
        for (status, body) in answers {
            let expected = BASE64_STANDARD.encode(CONTENT_KEY);
            assert_eq!((status, &body["contentKey"]), (200, &expected.into()));
        }
    }
}
