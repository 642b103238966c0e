//! `task show --watch` and `deal show --watch`: they wait for the end, and end as it did.

use std::io::{BufRead as _, BufReader};

use alloy_primitives::{B256, keccak256};

use crate::support::chain::{Ask, Chain, Who, on_ipfs};
use crate::support::{Cmd, Started, Work};

fn watch(work: &Work<'_>, chain: &Chain, id: B256) -> Cmd {
    chain.write_chain_json(work, &[]);
    work.cmd([
        "task",
        "show",
        &id.to_string(),
        "--watch",
        "--interval",
        "1s",
    ])
}

/// Waits for a line on stderr.
fn said(lines: &mut impl Iterator<Item = std::io::Result<String>>, what: &str) {
    let mut all = lines.map(Result::unwrap);
    assert!(all.any(|line| line.contains(what)), "{what}");
}

fn stderr(started: &mut Started) -> impl Iterator<Item = std::io::Result<String>> + use<> {
    BufReader::new(started.take_stderr()).lines()
}

#[test]
fn a_task_is_waited_for_until_its_result_is_there() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let digest = keccak256("a");
    let deal = chain.deal(Ask {
        tee: false,
        ..Ask::default()
    });
    let task = deal.task(0);
    let mut started = watch(&work, &chain, task).start();
    let mut lines = stderr(&mut started);
    said(&mut lines, "is there yet");
    chain.begin(&deal, 0);
    said(&mut lines, "ACTIVE");
    chain.contribute(&deal, task, Who::Worker, digest);
    said(&mut lines, "REVEALING");
    chain.reveal(task, Who::Worker, digest);
    chain.finalize(task, &on_ipfs("QmDONE"));
    said(&mut lines, "COMPLETED");
    let out = started.wait().ok().out();
    assert!(out.contains("/ipfs/QmDONE"), "{out}");
}

#[test]
fn a_node_that_restarts_is_waited_for() {
    let Some(mut chain) = Chain::start() else {
        return;
    };
    let work = Work::without_token();
    let (deal, task) = chain.running(Ask::default());
    let mut started = watch(&work, &chain, task).start();
    let mut lines = stderr(&mut started);
    said(&mut lines, "ACTIVE");
    chain.node.stop();
    said(&mut lines, "it is asked again");
    chain.node.start_again();
    said(&mut lines, "answers again");
    chain.complete(&deal, task, &on_ipfs("QmDONE"), keccak256("a"));
    assert!(started.wait().ok().out().contains("/ipfs/QmDONE"));
}

#[test]
fn a_task_that_came_to_nothing_is_no_success() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    chain.ago(40_000);
    let (_, timed_out) = chain.running(Ask::default());
    let (_, failed) = chain.running(Ask::default());
    chain.ago(20_000);
    chain.claim(failed);
    for (task, state) in [(timed_out, "TIMEOUT"), (failed, "FAILED")] {
        let run = watch(&work, &chain, task).arg("--raw").run().fails(41);
        assert_eq!(run.raw_error()["code"], "task-failed");
        assert!(
            run.err().contains(&format!("\"statusName\":\"{state}\"")),
            "{}",
            run.err()
        );
        // Who only looks has seen it.
        let only = work.cmd(["task", "show", &task.to_string(), "--raw"]).run();
        assert_eq!(only.ok().raw()["task"]["statusName"], state);
    }
}

#[test]
fn who_waits_no_longer_is_told_how_far_it_is() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let wait = |task: B256| {
        let cmd = watch(&work, &chain, task).args(&["--watch-timeout", "0", "--raw"]);
        cmd.run().fails(42)
    };
    let run = wait(task);
    assert!(
        run.raw_error()["message"]
            .as_str()
            .unwrap()
            .contains("still ACTIVE")
    );
    let error = wait(B256::repeat_byte(1)).raw_error();
    assert!(
        error["message"].as_str().unwrap().contains("No task found"),
        "{error}"
    );
}

#[test]
fn a_deal_is_over_with_the_last_of_its_tasks() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let deal = chain.deal(Ask {
        volume: 2,
        ..Ask::default()
    });
    let digest = keccak256("a");
    let first = chain.begin(&deal, 0);
    chain.complete(&deal, first, &on_ipfs("Qm"), digest);
    chain.write_chain_json(&work, &[]);
    let id = deal.id.to_string();
    let watch = || work.cmd(["deal", "show", &id, "--watch", "--interval", "1s", "--raw"]);
    let run = watch().args(&["--watch-timeout", "0"]).run().fails(42);
    assert!(
        run.err().contains("1 of 2 tasks have not ended"),
        "{}",
        run.err()
    );
    let second = chain.begin(&deal, 1);
    let started = watch().start();
    chain.complete(&deal, second, &on_ipfs("Qm"), digest);
    let raw = started.wait().ok().raw();
    assert_eq!(raw["completedTasksCount"], 2);
    assert_eq!(raw["tasks"][1]["taskid"], second.to_string());
}
