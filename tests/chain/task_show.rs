//! `task show`: what it says of tasks of every kind, which is what iExec's SDK says.

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};

use crate::support::chain::{Ask, Chain, Who, every_kind, on_ipfs};
use crate::support::web::{Answer, Web};
use crate::support::{ADDRESS, Cmd, Sdk, Work};

/// `task show` in a folder whose `chain.json` names the chain.
fn show(work: &Work<'_>, chain: &Chain, task: B256) -> Cmd {
    chain.write_chain_json(work, &[]);
    work.cmd(["task", "show", &task.to_string()])
}

#[test]
fn raw_says_what_the_sdk_says_of_every_kind_of_task() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let kinds = every_kind(&chain);
    let wanted: Vec<_> = kinds.iter().map(|it| format!("task:{}", it.task)).collect();
    let hub = chain.address("hub").to_string();
    let theirs: Vec<Value> = Sdk::all()
        .map(|sdk| sdk.show(&chain.node.url(), &hub, &wanted))
        .collect();
    for kind in &kinds {
        let ours = show(&work, &chain, kind.task).arg("--raw").run().ok().raw();
        assert_eq!(ours["task"]["statusName"], kind.state, "{}", kind.what);
        for theirs in &theirs {
            let theirs = &theirs[kind.task.to_string()];
            if kind.what == "several contributors" {
                // The SDK takes a list of two for an object whose fields have no names.
                assert_eq!(theirs["ok"], false, "{theirs}");
                assert_eq!(ours["task"]["contributors"].as_array().unwrap().len(), 2);
                continue;
            }
            assert_eq!(&ours, theirs, "{}", kind.what);
        }
    }
}

#[test]
fn people_are_told_who_is_in_it_and_where_the_result_is() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let ask = Ask {
        beneficiary: ADDRESS.parse().unwrap(),
        ..Ask::default()
    };
    let (deal, task) = chain.completed(ask, &on_ipfs("QmRESULT"), keccak256("a"));
    let run = show(&work, &chain, task)
        .args(&["--wallet-address", ADDRESS])
        .run()
        .ok();
    let said = run.out();
    for line in [
        "COMPLETED (the result is there)".to_owned(),
        format!("{} (task 0)", deal.id),
        format!("beneficiary   {ADDRESS} (your address)"),
        format!("app           {}", chain.address("app")),
        format!("workers       {}", Who::Worker.address()),
        "encryption    asked for".to_owned(),
        "result        /ipfs/QmRESULT on ipfs".to_owned(),
    ] {
        assert!(said.contains(&line), "{line}\n{said}");
    }
    assert!(
        run.err().contains("Using chain test [chainId: 65535]"),
        "{}",
        run.err()
    );
}

#[test]
fn times_are_those_of_the_time_zone_and_told_from_now() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (_, task) = chain.running(Ask::default());
    let said = |zone| {
        let run = show(&work, &chain, task).env("TZ", zone).run().ok();
        run.out()
    };
    let tokyo = said("JST-9");
    let told = |words: [&str; 2]| {
        words
            .iter()
            .any(|it| tokyo.contains(&format!(" JST ({it}")))
    };
    assert!(told(["in 39 minutes", "in 40 minutes"]), "{tokyo}");
    assert!(told(["9 minutes", "10 minutes"]), "{tokyo}");
    assert!(said("UTC").contains(" UTC (in "), "UTC");
}

#[test]
fn what_a_worker_wrote_cannot_move_a_terminal() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let results = br#"{"storage":"ipfs\u001b[2J","location":"/ipfs/\nstate  COMPLETED \u202e"}"#;
    let (_, task) = chain.completed(Ask::default(), results, keccak256("a"));
    let said = show(&work, &chain, task).run().ok().out();
    assert!(
        !said.contains('\x1b') && !said.contains('\u{202e}'),
        "{said}"
    );
    let result = said.lines().find(|it| it.starts_with("result")).unwrap();
    assert!(result.contains("on ipfs"), "{said}");
}

#[test]
fn an_id_of_something_else_is_named_as_that() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (deal, task) = chain.running(Ask::default());
    let error = |id: B256| {
        let run = show(&work, &chain, id).arg("--raw").run().fails(42);
        let error = run.raw_error();
        assert_eq!(error["code"], "not-there-yet");
        error["message"].as_str().unwrap().to_owned()
    };
    let said = error(deal.id);
    assert!(said.contains("is a deal, not a task"), "{said}");
    assert!(said.contains(&task.to_string()), "{said}");
    let block = chain
        .node
        .rpc("eth_getBlockByNumber", json!(["latest", false]));
    let transaction: B256 = block["transactions"][0].as_str().unwrap().parse().unwrap();
    let said = error(transaction);
    assert!(said.contains("is a transaction, not a task"), "{said}");
    let said = error(B256::repeat_byte(1));
    assert!(said.contains("on chain 65535"), "{said}");
    // The second task of a deal of three.
    let deal = chain.deal(Ask {
        volume: 3,
        ..Ask::default()
    });
    let said = error(deal.task(1));
    assert!(said.contains("no worker has started it yet"), "{said}");
}

#[test]
fn a_text_that_is_no_id_is_refused_before_anything_is_asked() {
    let work = Work::without_token();
    for (text, what) in [
        (ADDRESS, "this is an address"),
        ("0x12", "it has 2 hexadecimal digits"),
        ("deal", "not an id"),
    ] {
        let run = work.cmd(["task", "show", text, "--raw"]).run().fails(2);
        let error = run.raw_error();
        assert!(error["message"].as_str().unwrap().contains(what), "{error}");
    }
}

#[test]
fn the_scheduler_tells_why_a_task_has_failed() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    chain.ago(40_000);
    let (_, task) = chain.running(Ask::default());
    let scheduler = Web::start(move |request| {
        assert_eq!(request.path(), format!("/tasks/{task}"));
        Answer::json(&json!({"currentStatus": "RUNNING_FAILED", "replicates": [{
            "walletAddress": "0xworker\u{1b}[2J",
            "currentStatus": "FAILED",
            "appExitCode": 3,
            "statusUpdateList": [
                {"status": "COMPUTE_FAILED", "details": {"cause": "POST_COMPUTE_DROPBOX_UPLOAD_FAILED"}},
                {"status": "FAILED"},
            ],
        }]}))
    });
    let url = scheduler.url();
    let workerpool = chain.address("workerpool");
    let compass = Web::start(move |request| {
        assert_eq!(request.path(), format!("/65535/workerpools/{workerpool}"));
        Answer::json(&json!({"apiUrl": url}))
    });
    let run = show(&work, &chain, task)
        .args(&["--compass-url", &compass.url()])
        .run()
        .ok();
    let said = run.out();
    assert!(
        said.contains("POST_COMPUTE_DROPBOX_UPLOAD_FAILED, the app ended with 3"),
        "{said}"
    );
    assert!(said.contains("iexec-hsm task claim"), "{said}");
    assert!(!said.contains('\x1b'), "{said}");
    // In chain.json it has the SDK's name, and nothing depends on it.
    chain.write_chain_json(&work, &[("compass", &compass.url())]);
    let raw = || {
        let run = work.cmd(["task", "show", &task.to_string(), "--raw"]).run();
        run.ok().raw()
    };
    assert_eq!(raw()["causes"][0]["exitCode"], 3);
    drop(scheduler);
    assert_eq!(raw().get("causes"), None);
    assert_eq!(raw()["claimable"], true);
}
