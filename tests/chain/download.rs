//! `task show --download`: the result of a task from a gateway to its place, whole and checked or not there.

use std::os::unix::fs::PermissionsExt as _;

use alloy_primitives::{B256, keccak256};
use serde_json::Value;

use crate::support::chain::{Ask, Chain, every_kind};
use crate::support::gateway::{Adding, Fault, Gateway};
use crate::support::*;

/// A task whose result is said to be at `location`.
fn task_at(chain: &Chain, location: &str) -> B256 {
    let results = format!(r#"{{ "storage": "ipfs", "location": "{location}" }}"#);
    let (_, task) = chain.completed(Ask::default(), results.as_bytes(), keccak256("a"));
    task
}

/// `task show` with little time, in a folder whose `chain.json` names the chain and the gateway.
fn show(work: &Work<'_>, chain: &Chain, gateway: &Gateway, task: B256) -> Cmd {
    chain.write_chain_json(work, &[("ipfsGateway", &gateway.url())]);
    let cmd = work.cmd(["task", "show", &task.to_string(), "--timeout", "2"]);
    cmd.pin()
}

/// What there is in the folder besides the files that a test made.
fn others(work: &Work<'_>) -> Vec<String> {
    let mut files = work.files();
    files.retain(|it| it != "chain.json" && !it.starts_with(".secrets/"));
    files
}

#[test]
fn a_result_comes_under_the_names_of_the_sdk() {
    let Some(chain) = Chain::start() else { return };
    let (work, gateway) = (Work::without_token(), Gateway::start());
    let bytes = noise(600_000);
    let location = gateway.add(&bytes);
    let task = task_at(&chain, &location);
    for (args, name) in [
        (&["--download"][..], format!("{task}.zip")),
        (&["--download", "mine"], "mine.zip".into()),
        (&["--download", "mine.zip", "--force"], "mine.zip".into()),
        (&["--download", ".zip"], ".zip.zip".into()),
    ] {
        let run = show(&work, &chain, &gateway, task).args(args).arg("--raw");
        let raw = run.run().ok().raw();
        assert_eq!(raw["resultPath"], work.path(&name).to_str().unwrap());
        assert_eq!(raw["task"]["statusName"], "COMPLETED");
        assert_eq!(raw["claimable"], false);
        let download = &raw["download"];
        assert_eq!(download["cid"], "verified", "{download}");
        assert_eq!(download["location"], location);
        assert_eq!(download["gateway"], gateway.url());
        assert_eq!(download["bytes"], 600_000);
        assert!(work.read(&name) == bytes, "{name}");
        let mode = work.path(&name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // What is there stays, and is told of before anything is asked.
    work.write("mine.zip", "precious");
    let asked = gateway.requests().len();
    let cmd = show(&work, &chain, &gateway, task);
    cmd.args(&["--download", "mine"]).run().fails(22);
    assert_eq!(work.read("mine.zip"), b"precious");
    assert_eq!(gateway.requests().len(), asked);

    let run = show(&work, &chain, &gateway, task).args(&["--download", "-"]);
    let run = run.run().ok();
    assert!(run.stdout == bytes, "nothing but the result");
    assert!(run.err().contains("COMPLETED"), "{}", run.err());
    let run = show(&work, &chain, &gateway, task).args(&["--watch", "--download", "waited"]);
    let run = run.run().ok();
    let said = "Downloaded task result to file";
    assert!(run.err().contains(said) && run.out().contains("COMPLETED"));
    assert!(work.read("waited.zip") == bytes);
    work.is_tidy();
}

#[test]
fn without_a_result_there_is_no_success() {
    let Some(chain) = Chain::start() else { return };
    let (work, gateway) = (Work::without_token(), Gateway::start());
    for kind in every_kind(&chain) {
        let run = show(&work, &chain, &gateway, kind.task).args(&["--download", "--raw"]);
        let exit = match kind.state {
            "FAILED" | "TIMEOUT" => 41,
            _ => 42,
        };
        let run = run.run().fails(exit);
        let error: Value = serde_json::from_str(run.err().trim()).unwrap();
        assert_eq!(error["task"]["statusName"], kind.state, "{}", kind.what);
        let said = error["error"]["message"].as_str().unwrap();
        let words = match kind.what {
            "timed out" | "timed out unrevealed" => "is TIMEOUT",
            "claimed" => "is FAILED",
            "running" => "is ACTIVE, so there is no result yet",
            "revealing" => "is REVEALING, so there is no result yet",
            "on Dropbox" => "Task result stored on dropbox, download not supported",
            "called back" => "Task result stored on ethereum",
            "completed" | "several contributors" | "one of many" => "does not have it (status 404)",
            _ => "No result uploaded for this task",
        };
        assert!(said.contains(words), "{}: {said}", kind.what);
        assert_eq!(others(&work), [""; 0], "{}", kind.what);
    }
}

#[test]
fn a_place_that_is_no_location_is_asked_of_nobody() {
    let Some(chain) = Chain::start() else { return };
    let (work, gateway) = (Work::without_token(), Gateway::start());
    let cid = gateway.add(b"a").replace("/ipfs/", "");
    for (location, words) in [
        (format!("{}/ipfs/{cid}", gateway.url()), "it is a URL"),
        (format!("//127.0.0.1/ipfs/{cid}"), "it is a URL"),
        (format!("/ipns/{cid}"), "a name of IPNS"),
        (format!("/ipfs/{cid}/../../api/v0/id"), "\"..\""),
        (format!("/ipfs/{cid}?format=raw"), "'?'"),
        (format!("/ipfs/{cid}\\u001b[2J"), "'\\u{1b}'"),
        (format!("/api/v0/cat/{cid}"), "does not begin with `/ipfs/`"),
        (String::new(), "Missing location key"),
    ] {
        let task = task_at(&chain, &location);
        let run = show(&work, &chain, &gateway, task).args(&["--download", "--raw"]);
        let error = run.run().fails(42).raw_error();
        let said = error["message"].as_str().unwrap();
        assert!(said.contains(words), "{location}: {said}");
    }
    assert_eq!(gateway.asked(), "");
    assert_eq!(others(&work), [""; 0]);
}

#[test]
fn a_gateway_that_fails_has_its_exit_code_and_leaves_nothing() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let bytes = noise(600_000);
    for (fault, exit, word) in [
        (Fault::Flip(300_000), 50, "verified-different"),
        (Fault::Page, 30, "gateway-failed"),
        (Fault::NotHttp, 30, "gateway-failed"),
        (Fault::Hang, 30, "gateway-failed"),
        (Fault::Answer(429, "", "slow down"), 30, "gateway-failed"),
        (Fault::Answer(404, "", ""), 42, "not-there-yet"),
        (
            Fault::Redirect("http://127.0.0.2/".into()),
            30,
            "gateway-failed",
        ),
    ] {
        let gateway = Gateway::start();
        let task = task_at(&chain, &gateway.add(&bytes));
        gateway.fail_for_ever(fault.clone());
        work.write("kept.zip", "as it was");
        let cmd = show(&work, &chain, &gateway, task);
        let cmd = cmd.args(&["--download", "kept", "--force", "--raw"]);
        let error = cmd.run().fails(exit).raw_error();
        assert_eq!(error["code"], word, "{fault:?}: {error}");
        assert_eq!(work.read("kept.zip"), b"as it was", "{fault:?}");
        work.is_tidy();
        // The next in turn has it, or the same one later.
        let well = Gateway::start();
        well.add(&bytes);
        let urls = format!("{} {}", gateway.url(), well.url());
        let cmd = show(&work, &chain, &gateway, task);
        let cmd = cmd.args(&["--download", "-", "--ipfs-gateway", &urls]);
        assert!(cmd.run().ok().stdout == bytes, "{fault:?}");
    }
}

#[test]
fn what_breaks_off_goes_on_and_has_a_limit() {
    let Some(chain) = Chain::start() else { return };
    let (work, gateway) = (Work::without_token(), Gateway::start());
    let bytes = noise(2_000_000);
    let task = task_at(&chain, &gateway.add(&bytes));
    gateway.fail([Fault::Cut(900_000), Fault::Answer(503, "", "")]);
    let cmd = show(&work, &chain, &gateway, task).args(&["--download", "-"]);
    assert!(cmd.run().ok().stdout == bytes);
    assert_eq!(gateway.asked(), "car car786432 car786432");
    let cmd = show(&work, &chain, &gateway, task);
    let cmd = cmd.args(&["--download", "--max-size", "1M"]);
    let run = cmd.run().fails(24);
    assert!(run.err().contains("--max-size"), "{}", run.err());

    let endless = Gateway::plain();
    let task = task_at(&chain, &endless.add(b"short"));
    endless.fail([Fault::None]).fail_for_ever(Fault::Endless);
    let cmd = show(&work, &chain, &endless, task);
    cmd.args(&["--download", "--max-size", "1M"])
        .run()
        .fails(24);
    assert_eq!(others(&work), [""; 0]);
}

#[test]
fn what_cannot_be_told_is_said() {
    let Some(chain) = Chain::start() else { return };
    let (work, gateway) = (Work::without_token(), Gateway::plain());
    let odd = Adding {
        chunk: 1000,
        ..Adding::V0
    };
    let task = task_at(&chain, &gateway.add_as(&noise(5000), odd));
    let cmd = show(&work, &chain, &gateway, task).args(&["--download", "a"]);
    let said = cmd.run().ok().err();
    assert!(
        said.contains("warning: whether these are the bytes"),
        "{said}"
    );
    let cmd = show(&work, &chain, &gateway, task).args(&["--download", "b", "--raw"]);
    let raw = cmd.run().ok().raw();
    assert_eq!(raw["download"]["cid"], "unknown");
    assert!(raw["download"]["reason"].is_string(), "{raw}");
    assert_eq!(others(&work), ["a.zip", "b.zip"]);
}

/// A result with two files in it.
fn result(large: &[u8]) -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!"), ("large.bin", large)])
}

#[test]
fn a_result_is_opened_on_the_way() {
    let Some(chain) = Chain::start() else { return };
    let keyed = Keyed::new();
    let (work, gateway) = (keyed.work(), Gateway::start());
    let large = noise(700_000);
    let plain = result(&large);
    let task = task_at(&chain, &gateway.add(&keyed.archive(&plain)));
    let cmd = |args: &[&str]| show(&work, &chain, &gateway, task).args(args);

    // It breaks off in the middle, which is nobody's concern.
    gateway.fail([Fault::Cut(300_000)]);
    let raw = cmd(&["--download", "a", "--decrypt", "--raw"])
        .run()
        .ok()
        .raw();
    assert!(work.read("a.zip") == plain);
    assert_eq!(raw["resultPath"], work.path("a.zip").to_str().unwrap());
    assert_eq!(raw["download"]["cid"], "verified");
    assert_eq!(raw["entries"], 2);
    assert!(raw["key"].as_str().unwrap().starts_with("pkcs11:"), "{raw}");
    let run = cmd(&["--download", "-", "--decrypt"]).run().ok();
    assert!(run.stdout == plain);
    cmd(&["--decrypt"]).run().ok();
    assert!(work.read(format!("{task}.zip")) == plain);

    cmd(&["--extract", "out"]).run().ok();
    assert_eq!(work.read("out/result.txt"), b"Hello, world!");
    assert!(work.read("out/large.bin") == large);
    cmd(&["--extract", "one", "--entry", "result.txt"])
        .run()
        .ok();
    let run = cmd(&["--download", "-", "--entry", "result.txt"]).run();
    assert_eq!(run.ok().stdout, b"Hello, world!");
    cmd(&["--download", "b.txt", "--entry", "result.txt"])
        .run()
        .ok();
    assert_eq!(work.read("b.txt"), b"Hello, world!");
    let mut files = [
        format!("{task}.zip"),
        "a.zip".into(),
        "b.txt".into(),
        "one/result.txt".into(),
        "out/large.bin".into(),
        "out/result.txt".into(),
    ];
    files.sort();
    assert_eq!(others(&work), files, "and the archive nowhere");
    // By an agent, without a PIN.
    let mut agent = Agent::unlocked(&work, &[]);
    let id = task.to_string();
    let args = [
        "task",
        "show",
        &id,
        "--extract",
        "by-agent",
        "--require-agent",
    ];
    agent.cmd(&work, args).run().ok();
    assert_eq!(work.read("by-agent/result.txt"), b"Hello, world!");
    assert!(agent.runs());
    work.is_tidy();
}

#[test]
fn what_cannot_be_opened_fails_as_an_archive_does() {
    let Some(chain) = Chain::start() else { return };
    let (keyed, other) = (Keyed::new(), Keyed::new());
    let (work, gateway) = (keyed.work(), Gateway::start());
    let plain = result(&noise(700_000));
    let mut broken = keyed.archive(&plain);
    broken.truncate(500_000);
    for (archive, exit) in [
        (other.archive(&plain), 20),
        // Whoever asked for encryption has nothing but a plain result.
        (plain.clone(), 50),
        (broken, 21),
        (b"<html>".to_vec(), 21),
    ] {
        let task = task_at(&chain, &gateway.add(&archive));
        for args in [&["--decrypt"][..], &["--extract", "out"]] {
            let cmd = show(&work, &chain, &gateway, task).args(args);
            cmd.run().fails(exit);
            assert_eq!(others(&work), [""; 0], "{exit}");
        }
    }
    // Nothing that is proven to be other bytes comes near the token.
    let task = task_at(&chain, &gateway.add(&keyed.archive(&plain)));
    gateway.fail_for_ever(Fault::Flip(300_000));
    let cmd = show(&work, &chain, &gateway, task).args(&["--extract", "out", "--raw"]);
    let error = cmd.run().fails(50).raw_error();
    assert_eq!(error["code"], "verified-different", "{error}");
    let cmd = show(&work, &chain, &gateway, task);
    let cmd = cmd.args(&["--extract", "out", "--download", "name"]);
    cmd.run().fails(2);
    assert_eq!(others(&work), [""; 0]);
    work.is_tidy();
}
