//! An agent that keeps the PIN and whose device fails or is pulled out: it is brought back without a restart of the agent.

use std::fs;
use std::path::Path;

use crate::support::failing_agent::{FailingAgent, gate};
use crate::support::*;

/// An agent with two sessions that keeps the PIN, and a device that fails by these rules.
fn agent_whose_device_fails<'t>(keyed: &'t Keyed, rules: &[&str]) -> FailingAgent<'t> {
    FailingAgent::new(keyed, &["--keep-pin", "--sessions", "2"], rules)
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
        let mut it =
            agent_whose_device_fails(&keyed, &[&pulled, "C_Finalize 1 insert", "shuffle-slots"]);
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
    let mut it = agent_whose_device_fails(&keyed, &["C_DecryptInit 2- return CKR_GENERAL_ERROR"]);
    it.works();
    it.fails("device-failed");
    it.until("locked");
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.count("C_Initialize"), 6);
    // To unlock it, in its old state, and after each of the restarts.
    assert_eq!(ledger.logins(1).len(), 7);
    it.fails("agent-not-available");
}
