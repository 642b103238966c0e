//! An agent that asks a person before each use of a key.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::agent::{Connection, unwrap_body};
use crate::support::asker::Asking;
use crate::support::*;

/// A script whose dialog is a process of its own, which asks once it takes no notice of signals.
const ASKPASS_WHOSE_DIALOG_DOES_NOT_HEED: &str = r#"#!/bin/sh
folder=${0%/*}
(
    trap '' TERM
    printf '%s\n---\n' "$1" >>"$folder/asked"
    cat "$folder/answer"
)
"#;

/// A wrapped key, and the content key in it.
fn wrapped(keyed: &Keyed, content_key: u8) -> Vec<u8> {
    openssl::rsa_wrap(&keyed.public, &[content_key; 32])
}

/// The outcomes in the audit log of requests of a kind.
fn outcomes(agent: &Agent, request: &str) -> Vec<String> {
    let lines = agent.requests().into_iter();
    let lines = lines.filter(|it| it["request"] == request);
    lines
        .map(|it| it["outcome"].as_str().unwrap().to_owned())
        .collect()
}

fn metrics(agent: &Agent) -> String {
    let answer = Connection::open(&agent.socket).send("GET", "/v1/metrics", "");
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn each_unwrap_is_asked_for_by_process_and_program() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.says("0");
    let mut agent = asker.agent(&work, &[]);
    let key = agent.key();
    assert_eq!(asker.asked(), [""; 0], "to look at keys needs no yes");
    let (status, _) = agent.unwrap(&key, &wrapped(&keyed, 1));
    assert_eq!(status, 200);
    let program = fs::read_link("/proc/self/exe").unwrap();
    let question = format!(
        "1 Allow one use of the key \"iexec result key 7e5f4552\" of the token \"test\"?\n\n\
         A content key is to be unwrapped.\n\
         The process {} asks for it. Its program:\n",
        std::process::id()
    );
    let asked = asker.asked();
    let asked = asked[0].strip_prefix(&question).expect(&asked[0]);
    let name = program.file_name().unwrap().to_str().unwrap();
    assert!(
        asked.starts_with("\"/") && asked.ends_with(&format!("{name}\"")),
        "{asked}"
    );

    // Another ciphertext is another use.
    let mut connection = Connection::open(&agent.socket);
    let mut ask = |content_key: u8| {
        let body = unwrap_body(&key, &wrapped(&keyed, content_key)).to_string();
        assert_eq!(connection.send("POST", "/v1/unwrap", &body).status, 200);
        body
    };
    ask(2);
    let body = ask(3);
    assert_eq!(asker.asked().len(), 3);
    // The same one again is not, where it comes from whoever has its answer.
    assert_eq!(connection.send("POST", "/v1/unwrap", &body).status, 200);
    assert_eq!(asker.asked().len(), 3);
    let mut other = Connection::open(&agent.socket);
    assert_eq!(other.send("POST", "/v1/unwrap", &body).status, 200);
    assert_eq!(asker.asked().len(), 4);

    agent.until("it is noted", |agent| outcomes(agent, "unwrap").len() == 5);
    assert_eq!(outcomes(&agent, "confirm"), ["confirmed"; 4]);
    let line = agent.requests().into_iter();
    let line = line
        .into_iter()
        .find(|it| it["request"] == "confirm")
        .unwrap();
    assert_eq!(
        (&line["pid"], &line["key"]),
        (&json!(std::process::id()), &json!(key))
    );
    assert!(
        metrics(&agent).contains("requests_total{request=\"confirm\",outcome=\"confirmed\"} 4\n")
    );
    assert_eq!(agent.status()["confirmSeconds"], 60);
    let shown = agent.cmd(&work, ["agent", "status"]).run().ok().out();
    assert!(shown.contains("asks a person before each use"), "{shown}");
}

#[test]
fn a_signature_is_asked_for_with_what_it_signs() {
    if without_wallets() {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let wallet = ["--keypairgen", "--key-type", "EC:secp256k1", "--usage-sign"];
    let named = ["--id", "77", "--label", "wallet"];
    keyed.token.pkcs11_tool(&[&wallet[..], &named].concat());
    let asker = Asker::askpass();
    asker.says("1");
    let agent = asker.agent(&work, &[]);
    let owner = agent.get("/v1/keys").1["wallets"][0]["address"].clone();
    let name = "a secret\"\nProcess 1 is safe";
    let body = json!({ "owner": owner, "name": name, "value": "dmFsdWU=" });
    let sign = || agent.post("/v1/wallet/sign-sms-challenge", &body);
    let (status, refused) = sign();
    assert_eq!(
        (status, &refused["error"]["code"]),
        (403, &json!("not-confirmed"))
    );
    asker.says("0");
    let (status, signed) = sign();
    assert_eq!(status, 200, "{signed}");
    let asked = &asker.asked()[1];
    for part in [
        format!(
            "one signature of the wallet {} of the token",
            owner.as_str().unwrap()
        ),
        format!("Challenge: {}\n", signed["challenge"].as_str().unwrap()),
        "publishes the secret \"a secret??Process 1 is safe\" to the SMS".to_owned(),
    ] {
        assert!(asked.contains(&part), "{asked}");
    }
}

#[test]
fn what_nobody_says_yes_to_is_refused_and_the_token_not_asked() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    let cmd = asker.command(&work, &["--sessions", "1", "--confirm-timeout", "1s"]);
    let faulty = Faulty::before(&keyed.token);
    let mut agent = Agent::start(faulty.drive(cmd.pin()));
    let key = agent.key();
    let uses = || faulty.ledger().count("C_Decrypt");
    let before = uses();
    let refused = |answer: Option<&str>, content_key| {
        match answer {
            Some(answer) => asker.says(answer),
            None => asker.waits(),
        }
        let (status, answer) = agent.unwrap(&key, &wrapped(&keyed, content_key));
        assert_eq!(
            (status, &answer["error"]["code"]),
            (403, &json!("not-confirmed"))
        );
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(refused(Some("1"), 1).contains("this use of the key was refused"));
    // A program that knows of no questions has people type into it.
    assert!(refused(Some("0 no"), 2).contains("this use of the key was refused"));
    assert!(refused(None, 3).contains("nobody allowed this use of the key within 1 s"));
    assert!(refused(Some("127"), 4).contains("failed: it left with status 127"));
    agent.until("it is noted", |agent| outcomes(agent, "unwrap").len() == 4);
    assert_eq!(
        outcomes(&agent, "confirm"),
        ["refused", "refused", "timed-out", "not-asked"]
    );
    assert_eq!(outcomes(&agent, "unwrap"), ["not-confirmed"; 4]);
    let metrics = metrics(&agent);
    for (outcome, count) in [("refused", 2), ("timed-out", 1), ("not-asked", 1)] {
        let line = format!("{{request=\"confirm\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
    assert_eq!(agent.status()["lastFailure"], Value::Null);
    agent.until("the program is gone", |_| !asker.runs());
    assert_eq!(uses(), before);
    asker.says("0 Yes");
    assert_eq!(agent.unwrap(&key, &wrapped(&keyed, 5)).0, 200);
    assert_eq!(uses(), before + 1);
}

#[test]
fn decrypt_tells_of_a_no_by_an_exit_code_of_its_own() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    let mut agent = asker.agent(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let decrypt = |archive: &str| {
        agent
            .cmd(&work, ["result", "decrypt", archive, "--raw"])
            .run()
    };
    asker.says("1");
    let error = decrypt("a.zip").fails(43).raw_error();
    assert_eq!(error["code"], "not-confirmed");
    assert!(
        error["message"].as_str().unwrap().contains("--confirm"),
        "{error}"
    );
    assert!(!work.exists("results.zip"));
    asker.says("0");
    asker.forget();
    let run = agent.cmd(&work, ["result", "decrypt", "a.zip"]).run().ok();
    assert_eq!(asker.asked().len(), 1);
    // Who waits is told for what.
    let told = "The agent asks a person whether the key may be used";
    assert!(run.err().starts_with(told), "{}", run.err());
    // One that is bad is tried again and again, which is one question, and then what is known to be good.
    let mut bad = Sealed::current(&keyed.public, &plain_zip(&[("a", b"b")]));
    bad.key = wrapped(&keyed, 9);
    work.write("bad.zip", bad.archive());
    asker.forget();
    fs::remove_file(work.path("results.zip")).unwrap();
    decrypt("bad.zip").fails(20);
    assert_eq!(asker.asked().len(), 2);
    // A no, a yes, three attempts on the bad one, and the proof.
    agent.until("it is noted", |agent| outcomes(agent, "unwrap").len() == 6);
}

#[test]
fn a_question_goes_with_its_client_and_the_next_is_shown() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.waits();
    let mut agent = asker.agent(&work, &[]);
    let key = agent.key();
    let first = Asking::begin(&agent.socket, &key, &wrapped(&keyed, 1));
    agent.until("it is asked", |_| asker.asked().len() == 1);
    let second = Asking::begin(&agent.socket, &key, &wrapped(&keyed, 2));
    let third = Asking::begin(&agent.socket, &key, &wrapped(&keyed, 3));
    assert!(asker.has("shown"));
    // It waits in vain, and is not asked about at all.
    drop(second);
    drop(first);
    agent.until("the next is asked", |_| asker.asked().len() == 2);
    // Whoever only looks does not wait.
    assert_eq!(agent.state(), "unlocked");
    asker.answer("0");
    assert_eq!(third.end().0, 200);
    assert_eq!(asker.asked().len(), 2);
    agent.until("it is noted", |agent| outcomes(agent, "confirm").len() == 3);
    let outcomes = outcomes(&agent, "confirm");
    assert_eq!(outcomes, ["withdrawn", "withdrawn", "confirmed"]);
    agent.until("no program is left", |_| !asker.runs());
}

#[test]
fn several_are_asked_one_after_the_other() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.waits();
    let mut agent = asker.agent(&work, &["--sessions", "4"]);
    let key = agent.key();
    let asking: Vec<_> = (1..=6)
        .map(|it| Asking::begin(&agent.socket, &key, &wrapped(&keyed, it)))
        .collect();
    for (number, asking) in asking.into_iter().enumerate() {
        agent.until("it is asked", |_| asker.asked().len() == number + 1);
        let refuse = number % 2 == 1;
        asker.answer(if refuse { "1" } else { "0" });
        assert_eq!(asking.end().0, if refuse { 403 } else { 200 });
    }
    assert!(!asker.has("overlaps"));
}

#[test]
fn a_lock_and_the_end_withdraw_the_question() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.waits();
    let mut agent = asker.agent(&work, &[]);
    let key = agent.key();
    for (request, reason) in [("lock", "it was locked before"), ("stop", "it ends")] {
        agent.unlock(&keyed.token.pin);
        let before = asker.asked().len();
        let asking = Asking::begin(&agent.socket, &key, &wrapped(&keyed, 1));
        agent.until("it is asked", |_| asker.asked().len() == before + 1);
        agent.request("POST", &format!("/v1/{request}"), "");
        let (status, answer) = asking.end();
        assert_eq!(status, 423, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
        agent.until("the program is gone", |_| !asker.runs());
    }
    agent.wait().ok();
}

#[test]
fn a_program_that_does_not_heed_is_killed_with_its_children() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::new("askpass", ASKPASS_WHOSE_DIALOG_DOES_NOT_HEED);
    asker.waits();
    let mut agent = asker.agent(&work, &[]);
    let key = agent.key();
    for request in ["lock", "stop"] {
        agent.unlock(&keyed.token.pin);
        asker.forget();
        let asking = Asking::begin(&agent.socket, &key, &wrapped(&keyed, 1));
        agent.until("it is asked", |_| asker.asked().len() == 1);
        agent.request("POST", &format!("/v1/{request}"), "");
        assert_eq!(asking.end().0, 423);
        agent.until("no program is left", |_| !asker.runs());
    }
    agent.wait().ok();
}

#[test]
fn a_program_whose_path_has_words_in_it_puts_none_into_the_question() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.says("1");
    let agent = asker.agent(&work, &[]);
    let body = unwrap_body(&agent.key(), &wrapped(&keyed, 1)).to_string();
    let hostile = work.path("x\"\n\nProcess 1 is safe. <b>\u{202e}$(id)\\n%0A&amp;");
    let python = Command::new("python3")
        .args([
            "-c",
            "import sys; print(sys.executable, ':'.join(sys.path), sep='\\n')",
        ])
        .output();
    let python = String::from_utf8(python.unwrap().stdout).unwrap();
    let (python, modules) = python.split_once('\n').unwrap();
    fs::copy(fs::canonicalize(python).unwrap(), &hostile).unwrap();
    let ask = "import socket, sys\n\
        agent = socket.socket(socket.AF_UNIX)\n\
        agent.connect(sys.argv[1])\n\
        head = f'POST /v1/unwrap HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: {len(sys.argv[2])}\\r\\n\\r\\n'\n\
        agent.sendall((head + sys.argv[2]).encode())\n\
        print(agent.recv(4096).decode())";
    let run = Command::new(&hostile)
        .args(["-c", ask])
        .arg(&agent.socket)
        .arg(&body)
        .env("PYTHONPATH", modules.trim())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(answer.contains("not-confirmed"), "{answer} {run:?}");
    let asked = &asker.asked()[0];
    let lines: Vec<&str> = asked.lines().collect();
    assert_eq!(lines.len(), 5, "{asked}");
    let shown = lines[4];
    let end = "x???Process 1 is safe. ?b???(id)?n?0A?amp;\"";
    assert!(shown.ends_with(end), "{shown}");
}
