//! `task pull`: what is proven to be wrong is not pulled, and all others are told with what is proven of them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};

use alloy_primitives::B256;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::pull::{World, told, until};
use crate::support::chain::proofs::*;
use crate::support::web::{Answer, Web};
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
    let away = Web::in_front_of(&world.chain.node.url());
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
        let record = String::from_utf8(record).unwrap();
        record.matches("\"task\"").count() == 2
    });
    assert!(work.exists(format!("results/{good}/result.txt")));
    started.signal(Signal::TERM);
    let run = started.wait().killed_by(Signal::TERM);
    let line: Value = serde_json::from_str(run.out().lines().next().unwrap()).unwrap();
    assert_eq!(line["verification"]["verdict"], "verified");
    assert!(!work.exists(format!("results/{forged}")));
}

/// The texts of results, and what is not verified of each.
fn pulled_from(world: &World, work: &Work<'_>, node: &Web) -> BTreeMap<String, Vec<String>> {
    let folder = format!("from-{}", node.url().rsplit(':').next().unwrap());
    let args = ["--raw", "--rpc-url", &node.url(), "--output-dir", &folder];
    let run = world.pull(work, &args).pin().run().ok();
    let by_task = |line: &Value| {
        let task = line["taskid"].as_str().unwrap();
        let text = work.read(format!("{folder}/{task}/result.txt"));
        assert_eq!(text, RIGHT);
        (task.to_owned(), open_checks(line))
    };
    told(&run).0.iter().map(by_task).collect()
}

#[test]
fn the_node_is_asked_about_many_results_in_few_requests() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let tasks: Vec<String> = (0..24)
        .map(|_| world.task_with_digest(&result(RIGHT)).to_string())
        .collect();
    let verified: BTreeMap<_, _> = tasks.iter().map(|it| (it.clone(), vec![])).collect();
    let node = Web::in_front_of(&world.chain.node.url());
    assert_eq!(pulled_from(&world, &work, &node), verified);
    // One after the other they took more than a dozen each.
    let asked = node.requests().len();
    assert!(asked < 4 * tasks.len(), "{asked}");

    // Nodes that take one question at a time are enough.
    let there = world.chain.node.url();
    let node = Web::start(move |request| match request.body.first() {
        Some(b'[') => {
            let error = json!({"code": -32600, "message": "no batches"});
            Answer::json(&json!({"jsonrpc": "2.0", "id": null, "error": error}))
        }
        _ => Web::handed_on(&there, request),
    });
    assert_eq!(pulled_from(&world, &work, &node), verified);

    // What one does not tell of a result holds up no other.
    let there = world.chain.node.url();
    let (alone, among) = (tasks[3].clone(), tasks[20].clone());
    let node = Web::start(move |request| {
        let mut answers = Web::handed_on(&there, request);
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let mut told: Value = serde_json::from_slice(&answers.body).unwrap();
        let of_one = |asked: &Value, told: &mut Value| {
            if asked["method"] == "eth_getTransactionReceipt"
                && told.to_string().contains(&among[2..])
            {
                let error = json!({"code": -32000, "message": "pruned"});
                *told = json!({"jsonrpc": "2.0", "id": asked["id"], "error": error});
            }
            if asked["method"] == "eth_getLogs" {
                let logs = told["result"].as_array_mut().unwrap();
                logs.retain(|log| log["topics"][1] != alone);
            }
        };
        match (asked.as_array(), told.as_array_mut()) {
            (Some(asked), Some(told)) => {
                for told in told {
                    let asked = asked.iter().find(|asked| asked["id"] == told["id"]);
                    of_one(asked.unwrap(), told);
                }
            }
            _ => of_one(&asked, &mut told),
        }
        answers.body = told.to_string().into_bytes();
        answers
    });
    let mut expected = verified;
    for task in [&tasks[3], &tasks[20]] {
        let unknown = ["enclaveSignature unknown", "authorisation unknown"];
        expected.insert(task.clone(), unknown.map(str::to_owned).to_vec());
    }
    assert_eq!(pulled_from(&world, &work, &node), expected);
}
