//! An agent that keeps the PIN and whose device goes away: it is brought back without a restart of the agent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use support::agent::command;
use support::*;

const CONTENT_KEY: [u8; 32] = [7; 32];

/// An agent with two sessions that keeps the PIN, in front of a token that is about to fail.
struct Away<'t> {
    agent: Agent,
    faulty: Faulty<'t>,
    key: String,
    wrapped: Vec<u8>,
    _work: Work<'t>,
}

impl<'t> Away<'t> {
    fn new(keyed: &'t Keyed, rules: &[&str]) -> Self {
        let work = keyed.work();
        let faulty = Faulty::before(&keyed.token);
        let faulty = rules.iter().fold(faulty, Faulty::rule);
        let args = ["--keep-pin", "--sessions", "2"];
        let agent = Agent::start(faulty.drive(command(&work, &args)).pin());
        Self {
            key: agent.key(),
            wrapped: openssl::rsa_wrap(&keyed.public, &CONTENT_KEY),
            agent,
            faulty,
            _work: work,
        }
    }

    /// The code of a refusal; nothing where a key comes.
    fn unwrap(&self) -> Option<String> {
        let (status, body) = self.agent.unwrap(&self.key, &self.wrapped);
        let code = body["error"]["code"].as_str().map(str::to_owned);
        assert_eq!(code.is_none(), status == 200, "{body}");
        code
    }

    fn works(&self) {
        assert_eq!(self.unwrap(), None);
    }

    fn fails(&self, code: &str) {
        assert_eq!(self.unwrap().as_deref(), Some(code));
    }

    fn until(&mut self, state: &str) {
        self.agent.until(state, |agent| agent.state() == state);
    }
}

#[test]
fn a_device_that_is_back_after_a_restart_of_its_module_is_used_again() {
    let keyed = Keyed::new();
    for call in ["C_Decrypt", "C_DecryptInit"] {
        let pulled = format!("{call} 2 remove");
        let mut it = Away::new(&keyed, &[&pulled, "C_Finalize 1 insert", "shuffle-slots"]);
        it.works();
        it.fails("device-failed");
        it.until("unlocked");
        it.works();
        let ledger = it.faulty.ledger();
        let logins = ledger.logins(1);
        assert_eq!(logins.len(), 2);
        assert_eq!(logins[0].arg("pin"), logins[1].arg("pin"));
        assert_eq!(ledger.count("C_Initialize"), 2);
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
    let mut it = Away::new(&keyed, &rules);
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
    let it = Away::new(&keyed, &["C_DecryptInit 2-5 return CKR_USER_NOT_LOGGED_IN"]);
    it.works();
    it.works();
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.logins(1).len(), 2);
    assert_eq!(ledger.count("C_Initialize"), 1);
}

#[test]
fn while_the_device_is_away_requests_are_told_so() {
    let keyed = Keyed::new();
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("go");
    let slow = format!("C_Initialize 2 hang {}", gate.display());
    let mut it = Away::new(
        &keyed,
        &["C_Decrypt 2 remove", "C_Finalize 1 insert", &slow],
    );
    it.works();
    it.fails("device-failed");
    assert_eq!(it.agent.state(), "away");
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
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("go");
    let slow = format!("C_Initialize 2 hang {}", gate.display());
    let mut it = Away::new(
        &keyed,
        &["C_Decrypt 2 remove", "C_Finalize 1 insert", &slow],
    );
    it.works();
    it.fails("device-failed");
    it.until("away");
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
    let mut it = Away::new(&keyed, &rules);
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
    let mut it = Away::new(&keyed, &["C_DecryptInit 2- return CKR_GENERAL_ERROR"]);
    it.works();
    it.fails("device-failed");
    it.until("locked");
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.count("C_Initialize"), 6);
    // To unlock it, in its old state, and after each of the restarts.
    assert_eq!(ledger.logins(1).len(), 7);
    it.fails("agent-not-available");
}
