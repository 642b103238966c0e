//! Tokens that need no login, or say so; empty PINs; and PINs that a token does not own up to.

use crate::support::failing_agent::FailingAgent;
use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// A work folder with an archive for the token's key.
fn with_archive(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    work
}

const DECRYPT: [&str; 4] = ["result", "decrypt", "a.zip", "--force"];

/// The token behind these rules.
fn behind<'t>(token: &'t Token, rules: &[&str]) -> Faulty<'t> {
    rules.iter().fold(Faulty::before(token), Faulty::rule)
}

#[test]
fn no_command_logs_in_to_a_token_that_needs_none() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["needs-no-login 1234"]);
    let run = |args: &[&str]| {
        let cmd = work.cmd(args).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
        let run = faulty.drive(cmd).run().ok();
        assert_eq!(faulty.ledger().count("C_Login"), 0, "{args:?}");
        run
    };
    run(&DECRYPT);
    assert!(work.read("results.zip") == plain());
    for args in [
        &["key", "adopt"][..],
        &["key", "list"],
        &["key", "show"],
        &["key", "export"],
        &["result", "inspect", "a.zip"],
        &["result", "push-encryption-key", "--print-challenge"],
        &["result", "generate-keys", "--bits=2048"],
    ] {
        run(args);
    }
    let key = run(&["key", "show", "--raw"]).raw();
    let label = key["label"].as_str().unwrap();
    run(&["key", "delete", "--confirm-label", label]);
    work.write("soft.pem", openssl::rsa_key(2048).0);
    run(&["result", "import-encryption-key", "soft.pem"]);
    let report = run(&["doctor", "--selftest", "--raw"]).raw();
    let checks = report["checks"].as_array().unwrap();
    for name in ["PIN", "login", "selftest"] {
        let check = checks.iter().find(|it| it["name"] == name).unwrap();
        assert_eq!(check["state"], "ok", "{check}");
    }
    assert_eq!(
        run(&["token", "info", "--raw"]).raw()["loginRequired"],
        false
    );
}

#[test]
fn a_wallet_on_such_a_token_is_made_and_signs_without_a_login() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = behind(&token, &["needs-no-login 1234"]);
    faulty.drive(work.cmd(["wallet", "create"])).run().ok();
    let list = work.cmd(["wallet", "list", "--login", "--raw"]);
    let wallets = faulty.drive(list).run().ok().raw();
    assert_eq!(wallets["wallets"][0]["kind"], "token", "{wallets}");
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}

#[test]
fn nobody_is_asked_for_the_pin_of_such_a_token() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["needs-no-login 1234"]);
    let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(DECRYPT))).wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("PIN"), "{shown}");
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}

#[test]
fn a_pin_that_is_given_is_sent_all_the_same_and_once() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["needs-no-login 1234"]);
    faulty.drive(work.cmd(DECRYPT).pin()).run().ok();
    assert_eq!(faulty.ledger().logins(1).len(), 1);
    let wrong = work.cmd(DECRYPT).env("IEXEC_HSM_PIN", "99999999");
    faulty.drive(wrong).run().fails(12);
    assert_eq!(faulty.ledger().logins(1).len(), 1);
}

#[test]
fn a_device_that_was_away_is_used_again_without_a_pin() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let rules = [
        "needs-no-login 1234",
        "C_Decrypt 1 remove",
        "C_Finalize 1 insert",
    ];
    let faulty = behind(&keyed.token, &rules);
    faulty.drive(work.cmd(DECRYPT)).run().ok();
    assert!(work.read("results.zip") == plain());
    let ledger = faulty.ledger();
    assert_eq!(
        (ledger.count("C_Initialize"), ledger.count("C_Login")),
        (2, 0)
    );
}

#[test]
fn an_agent_of_such_a_token_needs_no_pin_at_any_time() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["needs-no-login 1234"]);
    let agent = agent::Agent::start(faulty.drive(agent::command(&work, &[])));
    assert_eq!(agent.state(), "unlocked");
    assert_eq!(agent.status()["loginRequired"], false);
    for lock_first in [false, true] {
        if lock_first {
            agent.post("/v1/lock", &serde_json::Value::Null);
            assert_eq!(agent.state(), "locked");
        }
        let cmd = agent.cmd(&work, DECRYPT).arg("-v");
        let run = faulty.drive(cmd).run().ok();
        assert!(run.err().contains("agent /"), "{}", run.err());
        // What somebody has locked stays so.
        let state = if lock_first { "locked" } else { "unlocked" };
        assert_eq!(agent.state(), state);
    }
    agent.post("/v1/lock", &serde_json::Value::Null);
    agent.cmd(&work, ["agent", "unlock"]).run().ok();
    assert_eq!(agent.state(), "unlocked");
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}

#[test]
fn an_agent_in_the_background_is_unlocked_at_once() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = behind(&keyed.token, &["needs-no-login 1234"]);
    let start = agent::command(&work, &["--detach", "--raw"]);
    let started = faulty.drive(start).run().ok().raw();
    let socket = started["socket"].as_str().unwrap();
    let stop = work
        .cmd(["agent", "stop"])
        .env("IEXEC_HSM_AGENT_SOCK", socket);
    stop.run().ok();
    assert_eq!(started["state"], "unlocked", "{started}");
}

#[test]
fn an_agent_brings_such_a_device_back_without_a_pin() {
    let keyed = Keyed::new();
    let rules = [
        "needs-no-login 1234",
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
    ];
    let mut it = FailingAgent::without_pin(&keyed, &[], &rules);
    it.works();
    it.fails("device-failed");
    it.until("unlocked");
    it.works();
}

#[test]
fn an_empty_pin_is_sent_where_the_token_takes_one() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["empty-pin 1234"]);
    let empty = work.write("empty", "");
    let in_file = || work.cmd(DECRYPT).arg("--pin-file").arg(&empty);
    let in_env = || work.cmd(DECRYPT).env("IEXEC_HSM_PIN", "");
    for cmd in [in_file(), in_env()] {
        faulty.drive(cmd).run().ok();
        let ledger = faulty.ledger();
        let [login] = ledger.logins(1)[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!((login.arg("pin_len"), &*login.rv), ("0", "CKR_OK"));
        assert_ne!(login.arg("pin"), "null");
    }
    // Where it takes none, an empty file is a mistake that costs nothing.
    let other = behind(&keyed.token, &[]);
    for cmd in [in_file(), in_env()] {
        let said = other.drive(cmd).run().fails(14).err();
        assert!(said.contains("holds no PIN"), "{said}");
    }
    assert_eq!(other.ledger().count("C_Login"), 0);
    let start = agent::command(&work, &["--pin-file"]).arg(&empty);
    let agent = agent::Agent::start(faulty.drive(start));
    assert_eq!(agent.state(), "unlocked");
    agent.post("/v1/lock", &serde_json::Value::Null);
    let unlock = agent.cmd(&work, ["agent", "unlock", "--pin-file"]);
    unlock.arg(&empty).run().ok();
    assert_eq!(agent.state(), "unlocked");
    drop(agent);
    let start = agent::command(&work, &["--pin-file"]).arg(&empty);
    let said = other.drive(start).run().fails(14).err();
    assert!(said.contains("holds no PIN"), "{said}");
}

#[test]
fn the_enter_key_alone_sends_no_empty_pin() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["empty-pin 1234"]);
    for (answer, code, logins) in [("", 14, 0), ("no", 14, 0), ("yes", 0, 1)] {
        let mut pty = Pty::spawn(&faulty.drive(work.cmd(DECRYPT)));
        pty.expect("PIN of the token").until_echo(false).send("\n");
        pty.expect("Send an empty PIN? ").until_echo(true);
        pty.send(answer).send("\n");
        let (status, shown) = pty.wait();
        assert_eq!(status, code, "{answer}: {shown}");
        assert_eq!(faulty.ledger().count("C_Login"), logins, "{answer}");
    }
}

#[test]
fn no_token_gets_an_empty_pin_set() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let faulty = behind(&token, &["empty-pin 1234"]);
    let empty = work.write("empty", "\n");
    let init = ["token", "init", "--token-label", "fresh", "--pin-file"];
    let init = work
        .cmd(init)
        .arg(&empty)
        .env("IEXEC_HSM_SO_PIN", "12345678");
    faulty.drive(init).run().fails(14);
    assert_eq!(faulty.ledger().count("C_InitToken"), 0);
}

#[test]
fn a_token_that_needs_a_login_against_its_word_is_named_and_takes_the_pin() {
    if other_than_softhsm("it hides private keys until the login") {
        return;
    }
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["flag -CKF_LOGIN_REQUIRED"]);
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    for (args, code, words) in [
        (&DECRYPT[..], 15, "needs one, give it"),
        (&generate, 14, "refuses without one"),
        (&["key", "list"], 0, "needs one, give it"),
    ] {
        let said = faulty.drive(work.cmd(args)).run().fails(code).err();
        assert!(
            said.contains(words) && said.contains("--pin-file"),
            "{said}"
        );
        assert_eq!(faulty.ledger().count("C_Login"), 0, "{args:?}");
        faulty.drive(work.cmd(args).pin()).run().ok();
        assert_eq!(faulty.ledger().logins(1)[0].rv, "CKR_OK");
    }
    let said = faulty
        .drive(agent::command(&work, &[]))
        .run()
        .fails(15)
        .err();
    assert!(said.contains("needs one, give it"), "{said}");
    let agent = agent::Agent::start(faulty.drive(agent::command(&work, &[]).pin()));
    assert_eq!(agent.state(), "unlocked");
}

#[test]
fn a_pin_is_tried_where_the_token_says_that_none_is_set() {
    let keyed = Keyed::new();
    let work = with_archive(&keyed);
    let faulty = behind(&keyed.token, &["flag -CKF_USER_PIN_INITIALIZED"]);
    faulty.drive(work.cmd(DECRYPT).pin()).run().ok();
    assert!(work.read("results.zip") == plain());
    let doctor = work.cmd(["doctor", "--selftest", "--raw"]).pin();
    let report = faulty.drive(doctor).run().ok().raw();
    assert_eq!(report["verdict"], "warning", "{report}");
    assert!(!report.to_string().contains("token init"), "{report}");
    let agent = agent::command(&work, &["--sessions", "1"]).pin();
    let agent = agent::Agent::start(faulty.drive(agent));
    assert_eq!(agent.state(), "unlocked");
    drop(agent);
    assert_eq!(faulty.ledger().logins(1).len(), 3);
    // Nobody is asked for what may not be there.
    let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(DECRYPT))).wait();
    assert_eq!(code, 10, "{shown}");
    assert!(
        shown.contains("--pin-file") && !shown.contains("token init"),
        "{shown}"
    );
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}
