//! What the agent does with PINs, and that nobody sees them.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustix::process::Signal;

use crate::support::agent::{MARKED_PIN, all_gone, command, marked};
use crate::support::hidden::{contains, contains_some, core, memory, unlocked_memory};
use crate::support::*;

#[test]
fn a_wrong_pin_costs_one_attempt_and_the_agent_stays_locked() {
    let Some(spy) = Spy::find() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    let args = ["--sessions", "2"];
    let agent = Agent::start(spy.watch(command(&work, &args), &keyed.token));
    let wrong = keyed.token.secret_file("wrong", "9999");
    let unlock = |file: &std::path::Path| {
        let cmd = agent.cmd(&work, ["agent", "unlock", "--raw", "--pin-file"]);
        cmd.arg(file).run()
    };
    let error = unlock(&wrong).fails(12).raw_error();
    assert_eq!(error["code"], "pin-wrong");
    assert_eq!(agent.state(), "locked");
    let tries = || spy::count(&spy.calls_so_far(), "C_Login");
    assert_eq!(tries(), 1);
    // The same one is known to be wrong.
    let error = unlock(&wrong).fails(12).raw_error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("no attempt was spent"), "{message}");
    assert_eq!(tries(), 1);
    // Each worker has a login of its own, and the first one shows that the PIN is right.
    unlock(&keyed.token.pin_file()).ok();
    assert_eq!(tries(), 3);
    // Logged in already, it sends none.
    unlock(&wrong).ok();
    assert_eq!(tries(), 3);
}

#[test]
fn no_pin_that_was_refused_is_sent_again_whatever_came_between() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token);
    let agent = Agent::start(faulty.drive(command(&work, &["--sessions", "1"])));
    let codes = |pins: &[&str]| -> Vec<String> {
        let refused = pins.iter().map(|pin| agent.unlock(pin).1);
        let codes = refused.map(|body| body["error"]["code"].as_str().unwrap().to_owned());
        codes.collect()
    };
    let pins = ["9991", "9992", "9993"];
    assert_eq!(codes(&pins), ["pin-wrong"; 3]);
    assert_eq!(faulty.ledger().count("C_Login"), 3);
    assert_eq!(codes(&pins), ["pin-wrong"; 3]);
    assert_eq!(faulty.ledger().count("C_Login"), 0, "each is known");
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(faulty.ledger().count("C_Login"), 1);
    // After a login that was right, one may have been made the PIN since.
    assert_eq!(agent.request("POST", "/v1/lock", "").0, 200);
    assert_eq!(codes(&pins[..1]), ["pin-wrong"]);
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn a_wrong_pin_ends_an_agent_that_is_started_with_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let wrong = keyed.token.secret_file("wrong", "9999");
    let run = command(&work, &["--raw"])
        .arg("--pin-file")
        .arg(wrong)
        .run();
    assert_eq!(run.fails(12).raw_error()["code"], "pin-wrong");
}

#[test]
fn the_pin_comes_from_a_credential() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("credentials/iexec-hsm-pin", &keyed.token.pin);
    let cmd = command(&work, &[]).env("CREDENTIALS_DIRECTORY", work.path("credentials"));
    assert_eq!(Agent::start(cmd).state(), "unlocked");
}

#[test]
fn unlocking_without_a_pin_asks_for_one() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    let (status, body) = agent.post("/v1/unlock", &serde_json::json!({}));
    assert_eq!(
        (status, &body["error"]["code"]),
        (403, &"pin-needed".into())
    );
    let run = agent
        .cmd(&work, ["agent", "unlock", "--raw", "--no-input"])
        .run();
    assert_eq!(run.fails(14).raw_error()["code"], "pin-needed");
}

#[test]
fn unlock_asks_on_the_terminal() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    let mut pty = Pty::spawn(&agent.cmd(&work, ["agent", "unlock"]));
    pty.expect("PIN of the token \"test\": ").until_echo(false);
    // Whoever is slow to type stops nobody else.
    assert_eq!(agent.state(), "locked");
    pty.send(&format!("{}\n", keyed.token.pin));
    assert_eq!(pty.wait().0, 0);
    assert_eq!(agent.state(), "unlocked");
}

#[test]
fn neither_pin_nor_content_key_is_seen_anywhere() {
    let (token, public) = marked();
    let work = Work::new(&token);
    let cmd = command(&work, &[])
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    let mut agent = Agent::start(cmd.env("IEXEC_HSM_PIN", MARKED_PIN));
    let key = agent.key();
    assert_eq!(agent.request("POST", "/v1/lock", "").0, 200);
    // Once more over the socket, on a connection that is not closed by the client.
    let mut connection = agent::Connection::open(&agent.socket);
    let pin = BASE64_STANDARD.encode(MARKED_PIN);
    let body = format!("{{\"pin\":\"{pin}\"}}");
    assert_eq!(connection.send("POST", "/v1/unlock", &body).status, 200);
    assert!(connection.is_closed(), "its buffer is wiped with it");
    // And a wrong one in a request that is refused.
    let refused = agent.request(
        "POST",
        "/v1/unlock",
        &format!("{{\"pin\":\"{MARKED_PIN}\"}}"),
    );
    assert_eq!(refused.0, 400);
    assert!(!refused.1.to_string().contains(MARKED_PIN));

    let content_key = *b"<content key of thirty-two byte>";
    let wrapped = openssl::rsa_wrap(&public, &content_key);
    let mut kept = agent::Connection::open(&agent.socket);
    let request = agent::unwrap_body(&key, &wrapped).to_string();
    let (_, answer) = kept.send("POST", "/v1/unwrap", &request).json();
    let shown = BASE64_STANDARD.encode(content_key);
    assert_eq!(answer["contentKey"], shown);
    // The answer was sent, and the next request is read: nothing of the one before is at work.
    assert_eq!(kept.send("GET", "/v1/status", "").status, 200);

    let noted = |agent: &mut Agent| agent.lines().iter().any(|it| it["request"] == "unwrap");
    agent.until("the unwrap was noted", noted);
    let id = agent.id();
    let secrets = [
        MARKED_PIN.as_bytes(),
        pin.as_bytes(),
        &content_key,
        shown.as_bytes(),
    ];
    let mut places = vec![
        (
            "arguments",
            fs::read(format!("/proc/{id}/cmdline")).unwrap(),
        ),
        (
            "environment",
            fs::read(format!("/proc/{id}/environ")).unwrap(),
        ),
        ("audit", fs::read(&agent.audit).unwrap()),
    ];
    places.extend(memory(id).map(|it| ("memory", it)));
    places.extend(core(id, &work).map(|it| ("core", it)));
    agent.signal(Signal::TERM);
    let run = agent.wait().ok();
    places.extend([("stdout", run.stdout), ("stderr", run.stderr)]);
    for (place, bytes) in &places {
        for secret in secrets {
            let secret = String::from_utf8_lossy(secret);
            assert!(
                !contains(bytes, secret.as_bytes()),
                "{secret} in the {place}"
            );
        }
    }
    assert!(
        contains(&places[2].1, key.as_bytes()),
        "the audit log names the key"
    );
}

#[test]
fn a_pin_that_is_kept_is_forgotten_with_the_login() {
    let (token, _) = marked();
    let work = Work::new(&token);
    let agent = Agent::unlocked(&work, &["--keep-pin", "--sessions", "2"]);
    let workers = agent.workers();
    // Two for the token, and one that does nothing else than keep it.
    assert_eq!(workers.len(), 3);
    for worker in &workers {
        let Some(kept) = memory(*worker) else {
            return;
        };
        assert!(contains(&kept, MARKED_PIN.as_bytes()), "it is kept");
        let swapped = unlocked_memory(*worker).unwrap();
        assert!(!contains(&swapped, MARKED_PIN.as_bytes()), "and locked");
        let core = core(*worker, &work);
        assert!(core.is_none_or(|core| !contains(&core, MARKED_PIN.as_bytes())));
    }
    let front = memory(agent.id()).unwrap();
    assert!(!contains_some(&front, MARKED_PIN), "but not in the front");
    assert_eq!(agent.request("POST", "/v1/lock", "").0, 200);
    let forgotten = memory(agent.id()).unwrap();
    assert!(!contains_some(&forgotten, MARKED_PIN));
    assert!(all_gone(&workers), "{workers:?}");
}
