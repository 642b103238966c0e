//! What takes long with a chain and a gateway tells how far it is.

use alloy_primitives::keccak256;
use serde_json::Value;

use super::pull::World;
use crate::support::chain::proofs::{RIGHT, ours, result, task_of};
use crate::support::chain::{Ask, Chain, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::*;

/// The lines of progress on stderr that speak of `what`.
fn told(run: &Run, what: &str) -> Vec<Value> {
    let all = run.err();
    let lines = all.lines().filter(|it| it.starts_with(r#"{"progress""#));
    let lines = lines.map(|it| serde_json::from_str::<Value>(it).unwrap()["progress"].clone());
    lines.filter(|it| it["what"] == what).collect()
}

#[test]
fn a_result_that_is_verified_is_counted_with_what_its_cid_is_taken_of() {
    let Some(chain) = Chain::start() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = result(RIGHT);
    let archive = keyed.archive(&plain);
    work.write("archive.zip", &archive);
    work.write("plain.zip", &plain);
    let files = work.path("files");
    let mut unzip = std::process::Command::new("unzip");
    let unzip = unzip.args(["-q", "plain.zip", "-d"]).arg(files);
    let unzipped = unzip.current_dir(work.folder()).status();
    assert!(unzipped.unwrap().success());
    let (_, task) = task_of(&chain, &Gateway::start(), ours(), &archive);
    chain.write_chain_json(&work, &[]);
    let verify = |what: &str| {
        let task = task.to_string();
        let args = [
            "result",
            "verify",
            what,
            "--task",
            &task,
            "--progress",
            "json",
        ];
        let run = work.cmd(args).args(&["--wallet-address", ADDRESS]).pin();
        let lines = told(&run.run().ok(), "verify");
        let last = lines.last().unwrap();
        assert_eq!(last["done"], last["total"], "{lines:?}");
        assert_eq!(last["unit"], "bytes");
        last["done"].as_u64().unwrap()
    };
    // Decrypted, and hashed as a whole.
    let (sealed, open) = (archive.len() as u64, plain.len() as u64);
    assert_eq!(verify("archive.zip"), sealed + open);
    assert!(verify("plain.zip") > open, "the files in it, too");
    assert!(verify("files") > 0);
}

#[test]
fn downloads_and_pulls_are_counted() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let tasks = world.tasks(3);
    let run = world.pull(&work, &["--progress", "json"]).pin().run().ok();
    let lines = told(&run, "pull");
    assert!(
        lines.is_sorted_by_key(|it| it["done"].as_u64()),
        "{lines:?}"
    );
    let last = lines.last().unwrap();
    assert_eq!((&last["done"], &last["total"]), (&3.into(), &3.into()));
    assert_eq!(last["unit"], "results");
    assert!(last["bytes"].as_u64().unwrap() > 1000, "{last}");

    let task = tasks.keys().next().unwrap();
    let words = ["task", "show", task, "--progress", "json", "--download"];
    let run = work
        .cmd(words)
        .args(&["file.zip", "--timeout", "2"])
        .run()
        .ok();
    let lines = told(&run, "download");
    let last = lines.last().unwrap();
    let len = work.read("file.zip").len() as u64;
    assert_eq!((&last["done"], &last["total"]), (&len.into(), &len.into()));
    let words = [
        "task",
        "show",
        task,
        "--progress",
        "json",
        "--extract",
        "files",
    ];
    let run = work.cmd(words).args(&["--timeout", "2"]).pin().run().ok();
    for what in ["download", "decrypt"] {
        let lines = told(&run, what);
        let last = lines.last().unwrap();
        assert_eq!(last["done"], last["total"], "{lines:?}");
    }
}

#[test]
fn who_waits_for_a_task_sees_for_how_long() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (deal, task) = chain.running(Ask::default());
    chain.write_chain_json(&work, &[]);
    let words = [
        "task",
        "show",
        &task.to_string(),
        "--watch",
        "--interval",
        "1s",
    ];
    let cmd = work.cmd(words).args(&["--watch-timeout", "1h"]);
    let mut pty = Pty::spawn(&cmd);
    pty.expect("ACTIVE")
        .expect("Waiting for the task  1s, 1h 00m at most");
    chain.complete(&deal, task, &on_ipfs("QmDONE"), keccak256("a"));
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(drawn(&shown).iter().all(|it| it.chars().count() < COLUMNS));
    let left = screen(&shown);
    assert!(!left.iter().any(|it| it.contains("Waiting")), "{left:?}");
    assert!(
        left.iter()
            .any(|it| it.starts_with("Task status COMPLETED")),
        "{left:?}"
    );

    // A program is told the seconds.
    let (_, task) = chain.running(Ask::default());
    let words = [
        "task",
        "show",
        &task.to_string(),
        "--watch",
        "--interval",
        "1s",
    ];
    let cmd = work
        .cmd(words)
        .args(&["--watch-timeout", "2s", "--progress", "json"]);
    let lines = told(&cmd.run().fails(42), "wait");
    let first = lines.first().unwrap();
    assert_eq!((&first["done"], &first["total"]), (&0.into(), &2.into()));
    assert_eq!(first["unit"], "seconds");
    assert!(lines.len() > 1, "{lines:?}");
}
