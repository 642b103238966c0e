//! Nodes that fail, lie, or are of another chain.

use serde_json::json;

use crate::support::chain::{Ask, Chain};
use crate::support::web::{Answer, Fault, Web};
use crate::support::{Cmd, Work};

/// The program asks for a task through `node`, and has little time for it.
fn show(work: &Work<'_>, chain: &Chain, node: &Web, task: &str) -> Cmd {
    chain.write_chain_json(work, &[]);
    let cmd = work.cmd(["task", "show", task, "--raw", "--timeout", "2"]);
    cmd.args(&["--rpc-url", &node.url()])
}

#[test]
fn what_passes_is_asked_again() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let task = task.to_string();
    let node = Web::in_front_of(&chain.node.url());
    let busy = json!({"error": {"code": -32005, "message": "limit exceeded"}});
    for fault in [
        Fault::status(429),
        Fault::status(502),
        Fault::status(503),
        Fault::Close,
        Fault::Reset,
        Fault::Cut(10),
        Fault::Answer(Answer::json(&busy)),
    ] {
        // At the first question, and in the middle.
        node.fail([fault.clone(), Fault::None, fault.clone()]);
        let raw = show(&work, &chain, &node, &task).run().ok().raw();
        assert_eq!(raw["task"]["statusName"], "ACTIVE", "{fault:?}");
    }
}

#[test]
fn a_node_that_does_not_answer_is_named() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let task = task.to_string();
    let html = Answer::new(200, "<html>").header("Content-Type", "text/html");
    for fault in [
        Fault::Hang,
        Fault::status(500),
        Fault::status(404),
        Fault::Answer(html),
        Fault::Endless,
        Fault::NotHttp,
    ] {
        let node = Web::in_front_of(&chain.node.url());
        node.fail_for_ever(fault.clone());
        let run = show(&work, &chain, &node, &task).run().fails(34);
        let error = run.raw_error();
        assert_eq!(error["code"], "node-not-reachable", "{fault:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&node.url()), "{fault:?}: {message}");
        assert!(message.contains("--rpc-url"), "{fault:?}: {message}");
    }
}

#[test]
fn a_node_of_another_chain_is_not_believed() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let node = Web::start(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(body.contains("eth_chainId"), "{body}");
        Answer::json(&json!({"jsonrpc": "2.0", "id": 1, "result": "0xa4b1"}))
    });
    let run = show(&work, &chain, &node, &task.to_string())
        .run()
        .fails(35);
    let error = run.raw_error();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("chain 42161, not of the chain 65535"),
        "{message}"
    );
    assert_eq!(node.requests().len(), 1);
}

#[test]
fn an_address_without_a_hub_is_named() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let nobody = "0x00000000000000000000000000000000000000A1";
    chain.write_chain_json(&work, &[("hub", nobody)]);
    let run = work
        .cmd(["task", "show", &task.to_string()])
        .run()
        .fails(35);
    assert!(
        run.err().contains(&format!("no iExec hub at {nobody}")),
        "{}",
        run.err()
    );
}

#[test]
fn the_words_of_a_node_cannot_move_a_terminal_and_its_key_is_not_told() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let words = json!({"error": {"code": -32000, "message": "\u{1b}[2Jno\nerror: \u{202e}"}});
    let node = Web::in_front_of(&chain.node.url());
    node.fail_for_ever(Fault::Answer(Answer::json(&words)));
    chain.write_chain_json(&work, &[]);
    let url = format!("{}/v3/SECRETKEY", node.url());
    let run = work
        .cmd([
            "task",
            "show",
            &task.to_string(),
            "--verbose",
            "--rpc-url",
            &url,
        ])
        .run()
        .fails(35);
    let said = run.err();
    assert!(said.contains("(-32000)"), "{said}");
    assert!(
        !said.contains('\x1b') && !said.contains('\u{202e}'),
        "{said}"
    );
    assert!(!said.contains("SECRETKEY"), "{said}");
    assert_eq!(node.requests()[0].path(), "/v3/SECRETKEY");
}

#[test]
fn doctor_looks_at_the_node() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    chain.ago(5);
    chain.deal(Ask::default());
    let check = |args: &[&str]| {
        let run = work.cmd(["doctor", "--raw"]).args(args).run();
        let text = [run.out(), run.err()].concat();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let node = checks.iter().find(|check| check["name"] == "node");
        let node = node.unwrap_or_else(|| panic!("{report}"));
        (node["state"].to_string(), node["found"].to_string())
    };
    chain.write_chain_json(&work, &[]);
    let (state, found) = check(&[]);
    assert_eq!(state, "\"ok\"", "{found}");
    // A node that lags behind.
    let chain = Chain::start().unwrap();
    chain.ago(40_000);
    chain.deal(Ask::default());
    chain.write_chain_json(&work, &[]);
    let (state, found) = check(&[]);
    assert_eq!(state, "\"warning\"", "{found}");
    assert!(found.contains("seconds apart"), "{found}");
    let (state, _) = check(&["--offline"]);
    assert_eq!(state, "\"skipped\"");
    let other = Web::start(|_| Answer::json(&json!({"result": "0x1"})));
    let (state, found) = check(&["--rpc-url", &other.url()]);
    assert_eq!(state, "\"broken\"", "{found}");
    let (state, _) = check(&["--rpc-url", "http://127.0.0.1:1"]);
    assert_eq!(state, "\"warning\"");
}
