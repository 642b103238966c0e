//! An agent whose module hangs, loses its token or its sessions, or counts PINs.

use std::cell::Cell;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustix::process::Signal;

use crate::support::agent::{Connection, all_gone, command, unwrap_body};
use crate::support::failing_agent::{CONTENT_KEY, FailingAgent, gate};
use crate::support::*;

#[test]
fn a_call_that_hangs_ends_for_its_client_and_the_agent_goes_on() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 2 hang {}", gate.display());
    let args = ["--request-timeout", "1s", "--sessions", "2"];
    let mut it = FailingAgent::new(&keyed, &args, &[&hang]);
    it.works();
    it.fails("device-failed");
    // The other worker does not notice.
    it.works();
    it.agent
        .until("it is ended", |agent| agent.status()["sessions"] == 1);
    it.works();
    let status = it.agent.status();
    assert_eq!(
        (&status["hung"], &status["workersEnded"]),
        (&false.into(), &1.into())
    );
    assert_eq!(it.agent.request("POST", "/v1/lock", "").0, 200);
    assert_eq!(it.agent.unlock(&keyed.token.pin).0, 200);
    it.works();
}

#[test]
fn an_agent_that_hangs_can_be_stopped() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    // Nobody knows how long a person takes at a reader's pad, so it is not ended before.
    let pad = format!("pin-pad {}", keyed.token.pin);
    let hang = format!("C_Login 1 hang {}", gate.display());
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule(pad).rule(hang);
    let args = ["--request-timeout", "1s"];
    let agent = Agent::start(faulty.drive(command(&work, &args)));
    let (status, body) = agent.post("/v1/unlock", &serde_json::json!({}));
    assert_eq!(
        (status, &body["error"]["code"]),
        (504, &"device-failed".into())
    );
    assert_eq!(agent.status()["hung"], true);
    let workers = agent.workers();
    agent.signal(Signal::TERM);
    let run = agent.wait().fails(11);
    assert!(run.err().contains("while a call was in"), "{}", run.err());
    assert!(all_gone(&workers), "{workers:?}");
}

#[test]
fn sigterm_lets_what_runs_finish() {
    let keyed = Keyed::new();
    let (_folder, gate) = gate();
    let hang = format!("C_Decrypt 1 hang {}", gate.display());
    let mut it = FailingAgent::new(&keyed, &[], &[&hang]);
    let mut connection = Connection::open(&it.agent.socket);
    let body = unwrap_body(&it.key, &it.wrapped).to_string();
    connection.write(&format!(
        "POST /v1/unwrap HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let faulty = &it.faulty;
    it.agent
        .until("it runs", |_| faulty.ledger().count("C_DecryptInit") == 1);
    it.agent.signal(Signal::TERM);
    let socket = it.agent.socket.clone();
    it.agent
        .until("nobody is let in any more", |_| !socket.exists());
    fs::write(&gate, "").unwrap();
    let (status, body) = connection.answer().json();
    assert_eq!(
        (status, &body["contentKey"]),
        (200, &BASE64_STANDARD.encode(CONTENT_KEY).into())
    );
    it.agent.wait().ok();
    assert_eq!(it.faulty.ledger().names().last(), Some(&"C_Finalize"));
}

#[test]
fn a_token_that_is_pulled_locks_the_agent() {
    let keyed = Keyed::new();
    for call in ["C_DecryptInit", "C_Decrypt"] {
        let mut it = FailingAgent::new(&keyed, &["--keep-pin"], &[&format!("{call} 2 remove")]);
        it.works();
        let logins = it.agent.status()["sessions"].as_u64().unwrap();
        it.fails("device-failed");
        it.agent
            .until("it is locked", |agent| agent.state() == "locked");
        let status = it.agent.status();
        assert!(
            status["reason"].as_str().unwrap().contains("token"),
            "{status}"
        );
        it.fails("agent-not-available");
        let (status, body) = it.agent.unlock(&keyed.token.pin);
        assert_eq!(body["error"]["code"], "token-not-usable", "{status}");
        let ledger = it.faulty.ledger();
        assert_eq!(
            ledger.count("C_Login") as u64,
            logins,
            "only in the beginning"
        );
    }
}

#[test]
fn a_session_that_is_lost_is_opened_once_more() {
    let keyed = Keyed::new();
    let lost = "C_DecryptInit 2 return CKR_SESSION_HANDLE_INVALID";
    let it = FailingAgent::new(&keyed, &["--sessions", "1"], &[lost]);
    it.works();
    it.works();
    let ledger = it.faulty.ledger();
    assert_eq!(ledger.count("C_OpenSession"), 2);
    assert_eq!(ledger.count("C_Login"), 1);
}

#[test]
fn after_a_bad_ciphertext_the_session_is_replaced_without_waiting_for_the_next_one() {
    let keyed = Keyed::new();
    // Where a module answers with invented bytes, nothing has failed, and its session stays.
    let refused = "C_Decrypt 1 then CKR_ENCRYPTED_DATA_INVALID";
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &[refused]);
    let mut bad = it.wrapped.clone();
    bad[100] ^= 1;
    it.faulty.ledger();
    assert_eq!(it.agent.unwrap(&it.key, &bad).0, 200);
    let opened = Cell::new(0);
    it.agent.until("a new session is there", |_| {
        opened.set(opened.get() + it.faulty.ledger().count("C_OpenSession"));
        opened.get() == 1
    });
    it.works();
    assert_eq!(it.faulty.ledger().count("C_OpenSession"), 0);
}

#[test]
fn sessions_that_are_lost_again_and_again_make_no_loop() {
    let keyed = Keyed::new();
    let lost = "C_DecryptInit 2- return CKR_SESSION_HANDLE_INVALID";
    let it = FailingAgent::new(&keyed, &["--sessions", "1"], &[lost]);
    it.works();
    it.faulty.ledger();
    it.fails("device-failed");
    let ledger = it.faulty.ledger();
    // One by the decryption itself, one by the recovery, one by its trial.
    assert_eq!(ledger.count("C_OpenSession"), 3, "{:?}", ledger.names());
    assert_eq!(ledger.count("C_DecryptInit"), 4);
    assert_eq!(ledger.count("C_Login"), 0);
    assert_eq!(it.agent.state(), "locked");
}

#[test]
fn a_session_that_a_device_ends_when_it_is_idle_is_kept_alive() {
    let keyed = Keyed::new();
    let it = FailingAgent::new(&keyed, &["--sessions", "1"], &[]);
    it.works();
    it.faulty.ledger();
    let deadline = Instant::now() + Duration::from_secs(90);
    // YubiHSM 2 ends it after 30 seconds.
    while it.faulty.ledger().count("C_FindObjectsInit") == 0 {
        assert!(Instant::now() < deadline, "nothing was asked of the token");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(it.agent.state(), "unlocked");
}

#[test]
fn a_key_that_demands_the_pin_each_time_needs_an_agent_that_keeps_it() {
    let keyed = Keyed::new();
    let rule = format!("always-authenticate {}", keyed.token.pin);
    let it = FailingAgent::new(&keyed, &[], &[&rule]);
    it.fails("not-supported");
    drop(it);
    let it = FailingAgent::new(&keyed, &["--keep-pin"], &[&rule]);
    it.works();
    it.works();
    assert_eq!(it.faulty.ledger().logins(2).len(), 2);
}

#[test]
fn a_reader_with_a_keypad_asks_for_the_pin_itself() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule(format!("pin-pad {}", keyed.token.pin));
    let agent = Agent::start(faulty.drive(command(&work, &[])));
    agent
        .cmd(&work, ["agent", "unlock", "--no-input"])
        .run()
        .ok();
    assert_eq!(agent.state(), "unlocked");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn the_last_attempt_is_used_after_a_yes_only() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule("pin-tries 3");
    let agent = Agent::start(faulty.drive(command(&work, &["--sessions", "1"])));
    let unlock = |pin: &str, args: &[&str]| {
        let file = keyed.token.secret_file("typed", pin);
        let cmd = agent.cmd(&work, [&["agent", "unlock"], args].concat());
        cmd.arg("--pin-file").arg(file).run()
    };
    unlock("99991", &[]).fails(12);
    unlock("99992", &[]).fails(12);
    unlock(&keyed.token.pin, &["--no-input"]).fails(13);
    assert_eq!(faulty.ledger().count("C_Login"), 2);
    unlock(&keyed.token.pin, &["--final-pin-try"]).ok();
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

/// A module like that of YubiHSM 2, which answers these by itself.
const ANSWERS_ALONE: [&str; 4] = [
    "answers-alone C_GetSessionInfo",
    "answers-alone C_GetTokenInfo",
    "answers-alone C_GetSlotInfo",
    "answers-alone C_DecryptInit",
];

#[test]
fn no_content_key_is_invented_while_the_device_is_gone() {
    let keyed = Keyed::new();
    for without in [
        "",
        "flag -CKF_RNG",
        "C_GenerateRandom * return CKR_FUNCTION_REJECTED",
    ] {
        let rules = [&ANSWERS_ALONE[..], &["C_Decrypt 2 remove", without]].concat();
        let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &rules);
        it.works();
        it.fails("device-failed");
        it.until("locked");
        let lines = it.agent.lines();
        let denied = lines.iter().any(|it| it["outcome"] == "cannot-decrypt");
        assert!(!denied, "{lines:?}");
    }
}

#[test]
fn good_and_bad_wrapped_keys_cost_the_same_calls() {
    let keyed = Keyed::new();
    let it = FailingAgent::new(&keyed, &["--sessions", "1"], &[]);
    it.works();
    let mut bad = it.wrapped.clone();
    bad[100] ^= 1;
    let calls = [&it.wrapped, &bad].map(|wrapped| {
        it.faulty.ledger();
        assert_eq!(it.agent.unwrap(&it.key, wrapped).0, 200);
        let ledger = it.faulty.ledger();
        let names = ledger.names().into_iter().map(str::to_owned);
        // After a failure the session is made anew, when the answer is out already.
        names.take(3).collect::<Vec<_>>()
    });
    assert_eq!(calls[0], calls[1]);
    assert_eq!(calls[0].last().unwrap(), "C_GenerateRandom");
}

#[test]
fn a_busy_session_is_asked_whether_the_device_decrypts_too() {
    let keyed = Keyed::new();
    // The device answers, but decrypts no more.
    let broken = "C_Decrypt 2- then CKR_GENERAL_ERROR";
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &[broken]);
    it.works();
    it.unwrap_anything();
    let deadline = Instant::now() + Duration::from_secs(60);
    while it.agent.state() == "unlocked" {
        // For this the token is asked each time.
        it.agent.get("/v1/keys");
        assert!(Instant::now() < deadline, "the agent goes on answering");
        thread::sleep(Duration::from_millis(20));
    }
    it.until("locked");
}

#[test]
fn what_speaks_of_the_login_is_no_bad_ciphertext() {
    let keyed = Keyed::new();
    for rv in [
        "CKR_USER_NOT_LOGGED_IN",
        "CKR_SESSION_CLOSED",
        "CKR_SESSION_HANDLE_INVALID",
    ] {
        let ended = format!("C_Decrypt 2 return {rv}");
        let it = FailingAgent::new(&keyed, &["--sessions", "1"], &[&ended]);
        it.works();
        it.works();
        assert_eq!(it.agent.status()["state"], "unlocked");
    }
}

#[test]
fn a_device_is_asked_even_where_the_module_draws_random_numbers_itself() {
    let keyed = Keyed::new();
    let alone = "answers-alone C_GenerateRandom";
    let rules = [
        &ANSWERS_ALONE[..],
        &["hardware", alone, "C_Decrypt 2 remove"],
    ]
    .concat();
    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &rules);
    it.works();
    it.fails("device-failed");
    it.until("locked");
}
