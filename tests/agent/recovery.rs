//! An agent that keeps the PIN and whose device fails or is pulled out: it is brought back without a restart of the agent.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::agent::command;
use crate::support::failing_agent::{FailingAgent, gate};
use crate::support::*;

/// An agent that keeps the PIN, and a device that fails by these rules.
fn agent_whose_device_fails<'t>(keyed: &'t Keyed, rules: &[&str]) -> FailingAgent<'t> {
    let args = ["--keep-pin", "--sessions", "1", "--device-timeout", "20s"];
    FailingAgent::new(keyed, &args, rules)
}

/// An agent whose device was pulled out, and does not come back before there is a file `gate`.
fn agent_without_device_until<'t>(keyed: &'t Keyed, gate: &Path) -> FailingAgent<'t> {
    let slow = format!("C_Initialize 2 hang {}", gate.display());
    let rules = ["C_Decrypt 2 remove", "C_Finalize 1 insert", &slow];
    let it = agent_whose_device_fails(keyed, &rules);
    it.works();
    it.fails("device-failed");
    it
}

#[test]
fn a_device_that_is_back_after_a_restart_of_its_module_is_used_again() {
    let keyed = Keyed::new();
    for call in ["C_Decrypt", "C_DecryptInit"] {
        let pulled = format!("{call} 2 remove");
        let rules = [&*pulled, "C_Finalize 1 insert", "shuffle-slots"];
        let mut it = FailingAgent::new(&keyed, &["--keep-pin", "--sessions", "2"], &rules);
        it.works();
        it.fails("device-failed");
        it.until("unlocked");
        it.works();
        let ledger = it.faulty.ledger();
        // Of each of the two workers, before and after.
        let logins = ledger.logins(1);
        assert_eq!(logins.len(), 4);
        assert!(
            logins
                .iter()
                .all(|it| it.arg("pin") == logins[0].arg("pin"))
        );
        assert_eq!(ledger.count("C_Initialize"), 4);
        assert_eq!(it.agent.status()["sessions"], 2);
    }
}

#[test]
fn a_module_that_does_not_come_back_at_once_is_asked_again() {
    let keyed = Keyed::new();
    let rules = [
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
        "C_Initialize 2-3 return CKR_GENERAL_ERROR",
    ];
    let mut it = agent_whose_device_fails(&keyed, &rules);
    it.works();
    it.fails("device-failed");
    it.until("unlocked");
    it.works();
    assert_eq!(it.faulty.ledger().count("C_Initialize"), 4);
}

#[test]
fn a_login_that_the_device_has_ended_is_made_again_at_once() {
    let keyed = Keyed::new();
    // The use, its repetition, and the trial with its own.
    let it = agent_whose_device_fails(&keyed, &["C_DecryptInit 2-5 return CKR_USER_NOT_LOGGED_IN"]);
    it.works();
    it.works();
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.logins(1).len(), 2);
    assert_eq!(ledger.count("C_Initialize"), 1);
}

#[test]
fn while_the_device_is_away_requests_are_told_so() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let mut it = agent_without_device_until(&keyed, &gate);
    assert_eq!(it.agent.state(), "recovering");
    it.fails("device-failed");
    assert_eq!(it.agent.get("/v1/keys").0, 502);
    let (status, body) = it.agent.unlock(&keyed.token.pin);
    assert_eq!(
        (status, &body["error"]["code"]),
        (502, &"device-failed".into())
    );
    fs::write(&gate, "").unwrap();
    it.until("unlocked");
    it.works();
}

#[test]
fn an_agent_that_is_locked_while_its_device_is_away_stays_locked() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let mut it = agent_without_device_until(&keyed, &gate);
    it.until("recovering");
    it.agent.request("POST", "/v1/lock", "");
    assert_eq!(it.agent.state(), "locked");
    fs::write(&gate, "").unwrap();
    it.fails("agent-not-available");
    // The login that was under way is closed again.
    it.agent.until("it may be unlocked", |agent| {
        agent.unlock(&keyed.token.pin).0 == 200
    });
    it.works();
}

#[test]
fn a_pin_that_is_not_good_any_more_is_sent_once_and_forgotten() {
    let keyed = Keyed::new();
    let rules = [
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
        "C_Login 2 return CKR_PIN_INCORRECT",
    ];
    let mut it = agent_whose_device_fails(&keyed, &rules);
    it.works();
    it.fails("device-failed");
    it.until("locked");
    assert_eq!(it.faulty.ledger().logins(1).len(), 2);
    let (_, body) = it.agent.unlock(&keyed.token.pin);
    assert_eq!(body["error"]["code"], "pin-wrong");
    assert_eq!(it.faulty.ledger().logins(1).len(), 0);
}

#[test]
fn a_device_that_fails_for_good_is_given_up() {
    let keyed = Keyed::new();
    let args = ["--keep-pin", "--sessions", "1", "--device-timeout", "1s"];
    let fails = "C_DecryptInit 2- return CKR_GENERAL_ERROR";
    let mut it = FailingAgent::new(&keyed, &args, &[fails]);
    it.works();
    it.fails("device-failed");
    it.until("locked");
    let ledger = it.faulty.ledger();
    let restarts = ledger.count("C_Initialize") - 1;
    // To unlock it, in its old state, and at most once after each of the restarts; a process that was started to tell the
    // token's state may be among these.
    let logins = ledger.logins(1).len();
    assert!(
        logins > 2 && logins <= 2 + restarts,
        "{logins} of {restarts}"
    );
    it.fails("agent-not-available");
}

#[test]
fn a_module_that_shows_no_token_at_first_is_asked_again() {
    let keyed = Keyed::new();
    let rules = ["C_Decrypt 2 remove", "C_Finalize 3 insert"];
    let mut it = agent_whose_device_fails(&keyed, &rules);
    it.works();
    it.fails("device-failed");
    it.until("unlocked");
    it.works();
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.count("C_Initialize"), 4);
    assert_eq!(ledger.logins(1).len(), 2);
}

/// Archives with what is in them.
fn archives(keyed: &Keyed, work: &Work<'_>) -> Vec<String> {
    let names: Vec<String> = (0..12).map(|number| format!("{number}.zip")).collect();
    for name in &names {
        work.write(
            name,
            keyed.archive(&plain_zip(&[("name", name.as_bytes())])),
        );
    }
    names
}

fn batch(agent: &Agent, work: &Work<'_>, names: &[String]) -> Cmd {
    let args = ["result", "decrypt", "--output-dir", "out", "--no-input"];
    names.iter().fold(agent.cmd(work, args), Cmd::arg)
}

fn until_it_hangs(faulty: &Faulty<'_>) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !faulty
        .ledger()
        .of("C_Decrypt")
        .iter()
        .any(|it| it.rv == "hangs")
    {
        assert!(Instant::now() < deadline, "no call hangs");
        thread::sleep(Duration::from_millis(5));
    }
}

fn all_opened(work: &Work<'_>, names: &[String]) {
    for name in names {
        let plain = plain_zip(&[("name", name.as_bytes())]);
        assert!(work.read(format!("out/{name}")) == plain, "{name}");
    }
}

#[test]
fn a_batch_waits_for_an_agent_that_brings_its_device_back() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let names = archives(&keyed, &work);
    for call in ["C_Decrypt", "C_DecryptInit"] {
        let pulled = format!("{call} 5 remove");
        let rules = [&*pulled, "C_Finalize 2 insert", "shuffle-slots"];
        let it = agent_whose_device_fails(&keyed, &rules);
        let cmd = batch(&it.agent, &work, &names).env("IEXEC_HSM_DEVICE_TIMEOUT", "20s");
        cmd.arg("--force").run().ok();
        all_opened(&work, &names);
    }
}

#[test]
fn a_list_of_keys_without_a_pin_waits_for_an_agent_that_brings_its_device_back() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for args in [["key", "list", "--raw"], ["key", "show", "--raw"]] {
        let direct = work.cmd(args).pin().run().ok().raw();
        let (_folder, gate) = gate();
        let mut it = agent_without_device_until(&keyed, &gate);
        assert_eq!(it.agent.state(), "recovering");
        let beside = Faulty::before(&keyed.token);
        // With a PIN the token itself is asked at once.
        let run = beside.drive(it.agent.cmd(&work, args).pin()).run().ok();
        assert_eq!(run.raw(), direct, "{args:?}");
        assert_eq!(it.agent.state(), "recovering");
        let waiting = beside.drive(it.agent.cmd(&work, args)).start();
        it.agent.until("it is asked", |agent| {
            agent.requests().iter().any(|it| it["request"] == "keys")
        });
        fs::write(&gate, "").unwrap();
        assert_eq!(waiting.wait().ok().raw(), direct, "{args:?}");
    }
}

#[test]
fn a_batch_goes_on_with_an_agent_that_was_started_again() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let names = archives(&keyed, &work);
    let faulty = Faulty::before(&keyed.token);
    let faulty = faulty.rule(format!("C_Decrypt 4 hang {}", work.path("never").display()));
    let first = Agent::start(faulty.drive(command(&work, &["--sessions", "2"])).pin());
    let started = batch(&first, &work, &names).start();
    until_it_hangs(&faulty);
    // Killed.
    drop(first);
    let second = Agent::locked(&work, &[]);
    second.unlock(&keyed.token.pin);
    started.wait().ok();
    all_opened(&work, &names);
}

#[test]
fn an_agent_that_stays_away_ends_a_batch_with_a_count() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let names = archives(&keyed, &work);
    let faulty = Faulty::before(&keyed.token);
    let faulty = faulty.rule(format!("C_Decrypt 4 hang {}", work.path("never").display()));
    let agent = Agent::start(faulty.drive(command(&work, &["--sessions", "1"])).pin());
    let started = batch(&agent, &work, &names)
        .env("IEXEC_HSM_AGENT_WAIT", "1s")
        .start();
    until_it_hangs(&faulty);
    drop(agent);
    let run = started.wait().fails(40);
    let last = run.err().lines().last().map(str::to_owned);
    let line = "3 of 12 archives opened; 1 failed with exit code 40, 8 not tried";
    assert_eq!(last.as_deref(), Some(line), "{}", run.err());
}

#[test]
fn keys_that_vanish_are_a_lost_device() {
    if other_than_softhsm("its tokens are folders that can be moved away") {
        return;
    }
    let keyed = Keyed::new();
    for keeps_pin in [true, false] {
        let work = keyed.work();
        work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
        let args: &[&str] = if keeps_pin { &["--keep-pin"] } else { &[] };
        let start = command(&work, args).pin();
        let mut agent = Agent::start(start.env("IEXEC_HSM_DEVICE_TIMEOUT", "20s"));
        let mut tokens = fs::read_dir(keyed.token.folder().join("tokens")).unwrap();
        let here = tokens.next().unwrap().unwrap().path();
        let away = keyed.token.folder().join("away");
        fs::rename(&here, &away).unwrap();
        let (status, keys) = agent.get("/v1/keys");
        assert_eq!(status, 502, "{keys}");
        let state = if keeps_pin { "recovering" } else { "locked" };
        agent.until(state, |agent| agent.state() == state);
        let decrypt = agent.cmd(&work, ["result", "decrypt", "a.zip", "--require-agent"]);
        let decrypt = decrypt.env("IEXEC_HSM_DEVICE_TIMEOUT", "20s");
        if keeps_pin {
            // It is waited for by whoever asks meanwhile.
            let decrypt = decrypt.start();
            fs::rename(&away, &here).unwrap();
            decrypt.wait().ok();
        } else {
            let reason = agent.status()["reason"].to_string();
            assert!(reason.contains("shows its keys no more"), "{reason}");
            fs::rename(&away, &here).unwrap();
            agent.cmd(&work, ["agent", "unlock"]).pin().run().ok();
            decrypt.run().ok();
        }
        assert_eq!(agent.status()["usableKeys"], 1);
    }
}
