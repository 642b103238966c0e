//! `task pull`: what is proven to be wrong is not pulled, and all others are told with what is proven of them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};

use alloy_primitives::B256;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::pull::{World, told, until};
use crate::support::chain::proofs::*;
use crate::support::*;

impl World {
    /// A task whose result is this zip, sealed; the digest is that of what is right.
    fn task_with_digest(&self, plain: &[u8]) -> B256 {
        let archive = self.keyed.archive(plain);
        let (deal, task) = task_of(&self.chain, &self.gateway, ours(), &archive);
        self.market.add(&deal);
        task
    }
}

/// The lines on stderr, by task.
fn failures(run: &Run) -> BTreeMap<String, Value> {
    let lines = run.err();
    let lines = lines.lines().map(|it| serde_json::from_str(it).unwrap());
    let by_task = |line: Value| (line["taskid"].as_str().unwrap().to_owned(), line);
    lines.map(by_task).collect()
}

#[test]
fn what_is_wrong_is_not_pulled_and_not_tried_again() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let good = world.task_with_digest(&result(RIGHT)).to_string();
    let mut wrong = every_mismatch(&world.chain, &world.gateway, &world.keyed);
    for it in &wrong {
        world.market.add(&it.deal);
    }
    // For somebody else, or not encrypted: these are none of its results.
    let is_ours = |told: &[&str]| {
        !told.contains(&"beneficiary mismatch") && !told.contains(&"encryption mismatch")
    };
    wrong.retain(|it| is_ours(it.told));
    let lies = wrong.iter().flat_map(|it| it.lies.clone()).collect();
    let node = lying(&world.chain, lies);
    let pull = |more: &[&str]| {
        let node = node.url();
        let cmd = world.pull(&work, &["--raw", "--rpc-url", &node]);
        cmd.args(more).pin().run()
    };
    let run = pull(&["--require-verified"]).fails(50);
    let (lines, summary) = told(&run);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["taskid"], good);
    assert_eq!(lines[0]["verification"]["verdict"], "verified");
    assert_eq!(summary["failed"], json!({"50": wrong.len()}));
    let failed = failures(&run);
    assert_eq!(failed.len(), wrong.len());
    for it in &wrong {
        let line = &failed[&it.task.to_string()];
        assert_eq!(line["error"]["code"], "verified-different");
        let mut told = open_checks(line);
        told.retain(|check| check != "digest unknown");
        assert_eq!(told, it.told);
        assert!(!work.exists(format!("results/{}", it.task)));
    }
    work.is_tidy();

    let asked = world.gateway.requests().len();
    let run = pull(&[]).ok();
    assert_eq!(told(&run).1["failedBefore"], wrong.len());
    assert_eq!(world.gateway.requests().len(), asked);
    let run = pull(&["--retry-failed"]).fails(50);
    assert_eq!(told(&run).1["failed"], json!({"50": wrong.len()}));
    // It is there for whoever wants it all the same.
    let run = pull(&["--retry-failed", "--no-verify"]).ok();
    let (lines, summary) = told(&run);
    assert_eq!(summary["pulled"], wrong.len());
    assert_eq!(lines[0]["verification"], Value::Null);
}

#[test]
fn what_cannot_be_told_fails_only_where_all_is_wanted() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let task = world.task_with_digest(&plain_zip(&[("result.txt", RIGHT)]));
    let pull = |more: &[&str]| world.pull(&work, more).pin().run();
    let run = pull(&["--require-verified", "--raw"]).fails(51);
    let line = &failures(&run)[&task.to_string()];
    assert_eq!(line["error"]["code"], "not-verified");
    assert_eq!(open_checks(line), ["digest unknown"]);
    assert!(!work.exists(format!("results/{task}")));
    let asked = world.gateway.requests().len();
    let run = pull(&["--require-verified", "--raw"]).ok();
    assert_eq!(told(&run).1["failedBefore"], 1);
    assert_eq!(world.gateway.requests().len(), asked);

    // Whoever wants less has it.
    let run = pull(&[]).ok();
    let said = "(8 of 9 checks hold; unknown: digest)";
    assert!(run.err().contains(said), "{}", run.err());
    assert!(work.exists(format!("results/{task}/result.txt")));

    // A node that goes away is waited for, and nothing is decided by it.
    let other = world.task_with_digest(&result(RIGHT));
    let away = crate::support::web::Web::in_front_of(&world.chain.node.url());
    let gone = crate::support::web::Fault::status(500);
    away.fail_where("e741363b", vec![gone; 1000]);
    let url = away.url();
    let args = ["--require-verified", "--raw", "--rpc-url", &url];
    let run = pull(&args).fails(34);
    assert!(failures(&run).contains_key(&other.to_string()));
    let run = pull(&["--require-verified", "--raw"]).ok();
    assert_eq!(told(&run).0[0]["taskid"], other.to_string());
    let run = pull(&["--raw", "--rpc-url", &url]).ok();
    assert_eq!(told(&run).1["existed"], 2);
}

#[test]
fn a_service_goes_on_after_what_is_wrong() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    world.configured(&work);
    let forged = world.task_with_digest(&result(FORGED));
    let args = "task pull --watch --raw --interval 1s --timeout 5 --wallet-address";
    let args = args.split(' ').chain([ADDRESS]);
    let mut started = agent.cmd(&work, args).start();
    let mut errors = BufReader::new(started.take_stderr()).lines();
    let error: Value = serde_json::from_str(&errors.next().unwrap().unwrap()).unwrap();
    assert_eq!(error["taskid"], forged.to_string());
    assert_eq!(open_checks(&error), ["digest mismatch"]);
    let good = world.task_with_digest(&result(RIGHT));
    until("both are written down", || {
        let record = work.read("results/.iexec-hsm-pulled.jsonl");
        record.iter().filter(|it| **it == b'\n').count() == 2
    });
    assert!(work.exists(format!("results/{good}/result.txt")));
    started.signal(Signal::TERM);
    let run = started.wait().killed_by(Signal::TERM);
    let line: Value = serde_json::from_str(run.out().lines().next().unwrap()).unwrap();
    assert_eq!(line["verification"]["verdict"], "verified");
    assert!(!work.exists(format!("results/{forged}")));
}
