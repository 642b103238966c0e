//! Unlocked once, opened many times: `result decrypt` by way of an agent.

use std::fs;
use std::thread;

use serde_json::json;

use crate::support::agent::command;
use crate::support::*;

#[test]
fn unlocked_once_it_opens_50_archives_for_8_processes() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::locked(&work, &[]);
    let (status, body) = agent.unlock(&keyed.token.pin);
    assert_eq!((status, &body["state"]), (200, &"unlocked".into()));
    let plains: Vec<Vec<u8>> = (0..50_u8)
        .map(|i| plain_zip(&[("result", &[i; 99])]))
        .collect();
    for (i, plain) in plains.iter().enumerate() {
        work.write(format!("{i}.zip"), keyed.archive(plain));
    }
    thread::scope(|scope| {
        for process in 0..8 {
            let mine = (0..50).filter(move |i| i % 8 == process);
            let archives: Vec<String> = mine.map(|i| format!("{i}.zip")).collect();
            let args = ["result", "decrypt", "--no-input", "--output-dir", "out"];
            let cmd = archives.iter().fold(agent.cmd(&work, args), Cmd::arg);
            scope.spawn(|| cmd.run().ok());
        }
    });
    for (i, plain) in plains.iter().enumerate() {
        assert!(work.read(format!("out/{i}.zip")) == *plain, "{i}");
    }
    // A line comes after the answer.
    agent.until("all are in the audit log", |agent| {
        let lines = agent.lines();
        let unwraps = lines.iter().filter(|line| line["request"] == "unwrap");
        unwraps.filter(|line| line["outcome"] == "done").count() == 50
    });
}

#[test]
fn all_layouts_open_by_way_of_the_agent() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let plain = plain_zip(&[("a", b"b")]);
    for sealed in [
        Sealed::current(&keyed.public, &plain),
        Sealed::legacy_ecb(&keyed.public, &plain),
        Sealed::guide_2019(&keyed.public, &plain),
    ] {
        work.write("a.zip", sealed.archive());
        agent
            .cmd(&work, ["result", "decrypt", "a.zip", "--force"])
            .run()
            .ok();
        assert!(work.read("results.zip") == plain);
    }
}

#[test]
fn verbose_says_whether_the_agent_is_used() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let decrypt = ["result", "decrypt", "a.zip", "--force", "-v"];
    let socket = agent.socket.display().to_string();
    let with = agent.cmd(&work, decrypt).run().ok();
    assert!(
        with.err().contains(&format!("agent {socket}\n")),
        "{}",
        with.err()
    );
    assert!(!with.err().contains("module "), "{}", with.err());
    // A PIN that is given goes to the token itself, and so does `--no-agent`.
    let given = agent.cmd(&work, decrypt).pin().run().ok();
    assert!(given.err().contains("module "), "{}", given.err());
    let without = agent
        .cmd(&work, decrypt)
        .arg("--no-agent")
        .arg("--no-input");
    without.run().fails(14);
    let without = agent
        .cmd(&work, decrypt)
        .env("IEXEC_HSM_NO_AGENT", "1")
        .arg("--no-input");
    without.run().fails(14);
    // What is said closer to the command wins, either way.
    let file = work.home().join(".config/iexec-hsm/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "no-agent = true\n").unwrap();
    let decrypt = || agent.cmd(&work, decrypt).arg("--no-input");
    decrypt().run().fails(14);
    let in_env = || decrypt().env("IEXEC_HSM_NO_AGENT", "0");
    in_env().run().ok();
    in_env().arg("--no-agent").run().fails(14);
    decrypt().arg("--no-agent=false").run().ok();
}

#[test]
fn without_an_agent_the_token_is_used() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let run = work
        .cmd(["result", "decrypt", "a.zip", "-v", "--no-input"])
        .env("XDG_RUNTIME_DIR", work.folder())
        .run()
        .fails(14);
    assert!(run.err().contains("no agent at "), "{}", run.err());
    assert!(run.err().contains("module "), "{}", run.err());
}

#[test]
fn an_agent_for_another_token_is_left_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    keyed.token.add("other");
    let agent = Agent::unlocked(&work, &["--token", "test"]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip", "-v", "--no-input"]);
    let run = cmd.arg("--token").arg("other").run().fails(14);
    assert!(
        run.err().contains("not the agent: it holds "),
        "{}",
        run.err()
    );
}

#[test]
fn a_locked_agent_is_unlocked_with_the_pin_typed_on_the_terminal() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip"]);
    let mut pty = Pty::spawn(&cmd);
    pty.expect("PIN of the token \"test\": ").until_echo(false);
    pty.send(&format!("{}\n", keyed.token.pin));
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(agent.state(), "unlocked");
    // The next one is not asked.
    agent
        .cmd(
            &work,
            ["result", "decrypt", "a.zip", "--force", "--no-input"],
        )
        .run()
        .ok();
}

#[test]
fn a_locked_agent_with_nobody_to_ask_is_exit_40() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let run = agent
        .cmd(&work, ["result", "decrypt", "a.zip", "--raw", "--no-input"])
        .run();
    let error = run.fails(40).raw_error();
    assert_eq!(error["code"], "agent-not-available");
    assert!(
        error["message"].as_str().unwrap().contains("agent unlock"),
        "{error}"
    );
    assert!(!work.exists("results.zip"));
}

#[test]
fn several_are_told_of_in_their_order_and_the_first_failure_counts() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--sessions", "4"]);
    let mut large = vec![0; 1 << 20];
    getrandom::fill(&mut large).unwrap();
    let stranger = openssl::rsa_key(2048).1;
    work.write("0.zip", keyed.archive(&plain_zip(&[("large", &large)])));
    work.write(
        "1.zip",
        Sealed::current(&stranger, &plain_zip(&[("a", b"b")])).archive(),
    );
    work.write("2.zip", "no archive");
    work.write("3.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let args = [
        "result",
        "decrypt",
        "0.zip",
        "1.zip",
        "2.zip",
        "3.zip",
        "--output-dir",
        "out",
    ];
    let run = agent.cmd(&work, args).run().fails(20);
    let heads = run.err();
    let heads: Vec<&str> = heads
        .lines()
        .filter(|line| !line.starts_with(" hint"))
        .collect();
    assert!(heads[0].starts_with("0.zip -> "), "{heads:?}");
    assert!(
        heads[1].starts_with("error: 1.zip: cannot decrypt"),
        "{heads:?}"
    );
    assert!(heads[2].starts_with("error: 2.zip: "), "{heads:?}");
    assert!(heads[3].starts_with("3.zip -> "), "{heads:?}");
    assert_eq!(
        heads[4],
        "2 of 4 archives opened; 1 failed with exit code 20, 1 failed with exit code 21"
    );
    assert_eq!(heads.len(), 5);
    assert!(!work.exists("out/1.zip") && work.exists("out/3.zip"));
    work.is_tidy();
}

#[test]
fn a_bad_archive_looks_as_it_does_without_the_agent() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let stranger = openssl::rsa_key(2048).1;
    work.write(
        "a.zip",
        Sealed::current(&stranger, &plain_zip(&[("a", b"b")])).archive(),
    );
    let decrypt = ["result", "decrypt", "a.zip", "--raw"];
    let with = agent.cmd(&work, decrypt).run().fails(20);
    let without = work.cmd(decrypt).pin().run().fails(20);
    assert_eq!(with.err(), without.err());
}

#[test]
fn a_key_that_was_made_since_the_login_is_found() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let public = keyed.add_key(2048);
    let plain = plain_zip(&[("a", b"b")]);
    work.write("a.zip", Sealed::current(&public, &plain).archive());
    agent
        .cmd(&work, ["result", "decrypt", "a.zip", "--no-input"])
        .run()
        .ok();
    assert!(work.read("results.zip") == plain);
}

#[test]
fn the_key_that_is_named_is_the_only_one_tried() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let public = keyed.add_key(2048);
    let agent = Agent::unlocked(&work, &[]);
    let (_, keys) = agent.get("/v1/keys");
    let named = |pem: &str| {
        let mut keys = keys["keys"].as_array().unwrap().iter();
        let key = keys.find(|key| key["publicKey"] == pem).unwrap();
        key["key"].as_str().unwrap().to_owned()
    };
    work.write(
        "a.zip",
        Sealed::current(&public, &plain_zip(&[("a", b"b")])).archive(),
    );
    let decrypt = |key: &str| {
        let cmd = agent.cmd(
            &work,
            ["result", "decrypt", "a.zip", "--force", "--key", key],
        );
        cmd.run()
    };
    decrypt(&named(&keyed.public)).fails(20);
    decrypt(&named(&public)).ok();
    decrypt("pkcs11:token=test;id=%FF%FF%FF").fails(15);
}

#[test]
fn the_commands_tell_how_the_agent_is() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::start(command(&work, &["--idle", "1h"]));
    let locked = agent
        .cmd(&work, ["agent", "status", "--raw"])
        .run()
        .ok()
        .raw();
    assert_eq!(locked["state"], "locked");
    assert_eq!(locked["pid"], agent.id());
    let unlocked = agent
        .cmd(&work, ["agent", "unlock", "--raw"])
        .pin()
        .run()
        .ok()
        .raw();
    assert_eq!(unlocked["state"], "unlocked");
    let text = agent.cmd(&work, ["agent", "status"]).run().ok().out();
    assert!(
        text.contains("unlocked, ") && text.contains("locks in 59 min"),
        "{text}"
    );
    let locked = agent
        .cmd(&work, ["agent", "lock", "--raw"])
        .run()
        .ok()
        .raw();
    assert_eq!(locked["reason"], "somebody locked it");
    assert_eq!(locked["sessions"], 0);
    agent.cmd(&work, ["agent", "stop"]).run().ok();
    let socket = agent.socket.clone();
    agent.wait().ok();
    assert!(!fs::exists(socket).unwrap());
    let gone = work
        .cmd(["agent", "status", "--raw", "--socket", "/nowhere"])
        .run()
        .fails(40);
    assert_eq!(gone.raw_error()["code"], "agent-not-available");
}

#[test]
fn a_bad_archive_takes_no_folder_away_from_the_good_ones_beside_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--sessions", "2"]);
    let plain = plain_zip(&[("a", b"b")]);
    let (_, stranger) = openssl::rsa_key(2048);
    work.write("bad.zip", Sealed::current(&stranger, &plain).archive());
    work.write("1.zip", keyed.archive(&plain));
    work.write("2.zip", keyed.archive(&plain));
    // The threads meet in another way each time.
    for round in 0..60 {
        for (option, opened) in [("--output-dir", ".zip"), ("--extract", "/a")] {
            let folder = format!("{}{round}/below", &option[2..]);
            let args = ["result", "decrypt", "bad.zip", "1.zip", "2.zip", option];
            agent.cmd(&work, args).arg(&folder).run().fails(20);
            for name in ["1", "2"] {
                let path = format!("{folder}/{name}{opened}");
                assert!(work.exists(&path), "{path}");
            }
            assert_eq!(fs::read_dir(work.path(&folder)).unwrap().count(), 2);
        }
    }
}

#[test]
fn a_folder_that_was_made_for_bad_archives_only_is_gone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--sessions", "2"]);
    let (_, stranger) = openssl::rsa_key(2048);
    let archive = Sealed::current(&stranger, &plain_zip(&[("a", b"b")])).archive();
    work.write("1.zip", &archive);
    work.write("2.zip", &archive);
    for option in ["--output-dir", "--extract"] {
        let args = ["result", "decrypt", "1.zip", "2.zip", option, "made/below"];
        agent.cmd(&work, args).run().fails(20);
        assert!(!work.exists("made"), "{option}");
    }
}

#[test]
fn an_agent_that_is_required_is_used_or_nothing() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let decrypt = ["result", "decrypt", "a.zip", "--require-agent"];
    let faulty = Faulty::before(&keyed.token);
    let run = faulty.drive(work.cmd(decrypt).pin()).run().fails(40);
    assert!(run.err().contains("agent start"), "{}", run.err());
    assert!(faulty.ledger().0.is_empty(), "the token itself was used");
    let agent = Agent::unlocked(&work, &[]);
    agent.cmd(&work, decrypt).run().ok();
}

#[test]
fn an_agent_that_is_not_asked_because_a_pin_is_given_is_spoken_of() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("result.txt", b"hi")])));
    let mut agent = Agent::unlocked(&work, &[]);
    let socket = agent.socket.clone();
    let decrypt = |more: &[&str]| {
        let cmd = work.cmd(["result", "decrypt", "a.zip", "--force"]);
        cmd.env("IEXEC_HSM_AGENT_SOCK", &socket).args(more).pin()
    };
    let unwraps = |agent: &Agent| {
        let lines = agent.requests();
        lines.iter().filter(|it| it["request"] == "unwrap").count()
    };
    let told = decrypt(&[]).run().ok().err();
    assert!(
        told.contains("Your agent is unlocked, but is not asked"),
        "{told}"
    );
    assert_eq!(unwraps(&agent), 0);
    for quiet in ["--quiet", "--raw", "--no-agent"] {
        let told = decrypt(&[quiet]).run().ok().err();
        assert!(!told.contains("Your agent"), "{quiet}: {told}");
    }
    // The way that it names.
    decrypt(&["--require-agent"]).run().ok();
    agent.until("it was asked", |agent| unwraps(agent) == 1);
    assert_eq!(agent.post("/v1/lock", &json!({})).0, 200);
    let told = decrypt(&[]).run().ok().err();
    assert!(!told.contains("Your agent"), "{told}");
}
