//! `task list`: the tasks whose results are for one address, whoever tells of them.

use alloy_primitives::{Address, keccak256};
use serde_json::{Value, json};

use crate::support::chain::{Ask, Chain, Market, Who, on_ipfs};
use crate::support::web::{Answer, Fault, Web};
use crate::support::{ADDRESS, Cmd, Work};

/// What is asked for results for us.
fn for_us() -> Ask {
    Ask {
        beneficiary: ADDRESS.parse().unwrap(),
        ..Ask::default()
    }
}

fn list(work: &Work<'_>, chain: &Chain, args: &[&str]) -> Cmd {
    chain.write_chain_json(work, &[]);
    let cmd = work.cmd(["task", "list", "--wallet-address", ADDRESS]);
    cmd.args(args)
}

fn ids(raw: &Value) -> Vec<String> {
    let tasks = raw["tasks"].as_array().unwrap().iter();
    tasks
        .map(|it| it["taskid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_tasks_for_one_address_are_listed_with_what_is_known_of_them() {
    let Some(chain) = Chain::start() else { return };
    let (work, market) = (Work::without_token(), Market::start());
    let (first, completed) = chain.completed(for_us(), &on_ipfs("QmRESULT"), keccak256("a"));
    let second = chain.deal(Ask {
        volume: 2,
        ..for_us()
    });
    let running = chain.begin(&second, 0);
    let (other, _) = chain.running(Ask::default());
    for deal in [&first, &second, &other] {
        market.add(deal);
    }
    let url = market.url();
    chain.write_chain_json(&work, &[("iexecGateway", &url)]);
    let list = |args: &[&str]| {
        let cmd = work.cmd(["task", "list", "--wallet-address", ADDRESS]);
        cmd.args(args).run().ok()
    };
    let raw = list(&["--raw"]).raw();
    let all = [completed, running, second.task(1)].map(|it| it.to_string());
    assert_eq!(ids(&raw), all);
    assert_eq!(raw["beneficiary"], ADDRESS);
    let task = &raw["tasks"][0];
    assert_eq!(task["statusName"], "COMPLETED");
    assert_eq!(task["results"]["location"], "/ipfs/QmRESULT");
    assert_eq!(task["app"], chain.address("app").to_string());
    assert_eq!(task["requester"], Who::Requester.address().to_string());
    assert_eq!(raw["tasks"][2]["statusName"], "UNSET");
    assert_eq!(raw["tasks"][2]["idx"], "1");

    let text = list(&[]).out();
    for (id, state) in all.iter().zip(["COMPLETED", "ACTIVE", "UNSET"]) {
        assert!(text.contains(&format!("{id} {state}\n")), "{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let some = |args: &[&str]| ids(&list(&[&["--raw"], args].concat()).raw());
    assert_eq!(some(&["--state", "active"]), [running.to_string()]);
    let requester = Who::Requester.address().to_string();
    assert_eq!(some(&["--requester", &requester]).len(), 3);
    assert_eq!(some(&["--requester", ADDRESS]).len(), 0);
    assert_eq!(some(&["--app", ADDRESS]).len(), 0);
    // Another address than that of the wallet.
    let theirs = some(&["--beneficiary", &requester]);
    assert_eq!(theirs, [other.task(0).to_string()]);
    let none = list(&["--beneficiary", &Address::ZERO.to_string()]);
    assert!(none.err().contains("No task for 0x0000"), "{}", none.err());
}

#[test]
fn all_pages_are_read_and_what_passes_is_asked_again() {
    let Some(chain) = Chain::start() else { return };
    let (work, market) = (Work::without_token(), Market::start());
    let deal = chain.deal(Ask {
        volume: 40,
        ..for_us()
    });
    // Three pages, of which the chain knows one deal.
    for number in 0..250_u64 {
        let id = keccak256(number.to_be_bytes());
        market.add_as(&id.to_string(), ADDRESS, 1000 + number);
    }
    market.add(&deal);
    for fault in [
        Fault::status(429),
        Fault::status(503),
        Fault::Close,
        Fault::Cut(100),
    ] {
        market.web.fail([Fault::None, fault.clone(), Fault::None]);
        let cmd = list(&work, &chain, &["--raw", "--timeout", "5"]);
        let raw = cmd.args(&["--market-url", &market.url()]).run().ok().raw();
        let expected: Vec<String> = (0..40).map(|it| deal.task(it).to_string()).collect();
        assert_eq!(ids(&raw), expected, "{fault:?}");
    }
}

#[test]
fn a_market_that_lies_adds_no_deal_that_is_not_ours() {
    let Some(chain) = Chain::start() else { return };
    let (work, market) = (Work::without_token(), Market::start());
    let (ours, _) = chain.running(for_us());
    let (theirs, task) = chain.running(Ask::default());
    market.add_as(&theirs.id.to_string(), ADDRESS, 7);
    market.add_as(&task.to_string(), ADDRESS, 8);
    market.add_as(&keccak256("no deal").to_string(), ADDRESS, 9);
    market.add(&ours);
    let raw = list(&work, &chain, &["--raw", "--market-url", &market.url()]);
    assert_eq!(ids(&raw.run().ok().raw()), [ours.task(0).to_string()]);
}

#[test]
fn a_market_without_an_end_or_an_answer_is_named() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let error = |web: &Web, exit| {
        let cmd = list(&work, &chain, &["--raw", "--timeout", "1"]);
        let run = cmd.args(&["--market-url", &web.url()]).run().fails(exit);
        let message = run.raw_error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&web.url()), "{message}");
        assert!(message.contains("--from-block"), "{message}");
        message
    };
    let id = keccak256("a").to_string();
    let again = Web::start(move |_| {
        Answer::json(&json!({"ok": true, "nextPage": 1, "deals": [{"dealid": id}]}))
    });
    let message = error(&again, 1);
    assert!(message.contains("deals without end"), "{message}");
    for (fault, exit) in [
        (Fault::Hang, 30),
        (Fault::status(500), 30),
        (Fault::status(404), 1),
        (Fault::Answer(Answer::new(200, "<html>")), 30),
        (Fault::Endless, 30),
    ] {
        let web = Web::start(|_| Answer::new(200, ""));
        web.fail_for_ever(fault);
        error(&web, exit);
    }
    // The last chain of all knows none.
    let run = list(&work, &chain, &["--raw"]).run().fails(2);
    let message = run.raw_error()["message"].to_string();
    assert!(message.contains("no market is known"), "{message}");
}

#[test]
fn without_a_market_the_events_of_the_chain_are_read() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (before, _) = chain.running(for_us());
    let (first, _) = chain.running(for_us());
    chain.running(Ask::default());
    let (second, _) = chain.running(for_us());
    let from = |block: u64| {
        let cmd = list(
            &work,
            &chain,
            &["--raw", "--from-block", &block.to_string()],
        );
        ids(&cmd.run().ok().raw())
    };
    let both = [first.task(0), second.task(0)].map(|it| it.to_string());
    assert_eq!(from(first.block), both);
    assert_eq!(from(0).len(), 3);
    assert_eq!(from(second.block + 100), [""; 0]);
    assert!(before.block < first.block);

    // A node that searches no more than three blocks at once, and takes one call in a request alone.
    let node = limited(&chain.node.url(), 3);
    let cmd = list(&work, &chain, &["--raw", "--rpc-url", &node.url()]);
    let block = first.block.to_string();
    let raw = cmd.args(&["--from-block", &block]).run().ok().raw();
    assert_eq!(ids(&raw), both);
    let searched = node.requests().into_iter().filter(|it| {
        let body = String::from_utf8_lossy(&it.body).into_owned();
        body.contains("eth_getLogs")
    });
    assert!(searched.count() > 2);
}

/// A node that refuses more blocks at once, and several calls in a request.
fn limited(url: &str, most: u64) -> Web {
    let there = url.to_owned();
    Web::start(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let refused =
            |message: &str| Answer::json(&json!({"error": {"code": -32005, "message": message}}));
        if body.is_array() {
            return Answer::new(400, "no batches");
        }
        if body["method"] == "eth_getLogs" {
            let block = |name: &str| {
                let text = body["params"][0][name].as_str().unwrap();
                u64::from_str_radix(&text[2..], 16).unwrap()
            };
            if block("toBlock") - block("fromBlock") >= most {
                return refused("query returned more than 10000 results");
            }
        }
        Web::handed_on(&there, request)
    })
}

#[test]
fn doctor_looks_at_the_market() {
    let Some(chain) = Chain::start() else { return };
    let (work, market) = (Work::without_token(), Market::start());
    let check = |args: &[&str]| {
        let run = work.cmd(["doctor", "--raw"]).args(args).run();
        let report: Value = serde_json::from_str(&[run.out(), run.err()].concat()).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let found = checks.iter().find(|it| it["name"] == "market").cloned();
        found.map(|it| (it["state"].clone(), it["found"].to_string()))
    };
    chain.write_chain_json(&work, &[]);
    assert_eq!(check(&[]), None);
    let (deal, _) = chain.running(for_us());
    market.add(&deal);
    chain.write_chain_json(&work, &[("iexecGateway", &market.url())]);
    let (state, found) = check(&[]).unwrap();
    assert_eq!(state, "ok", "{found}");
    assert!(found.contains("knows the newest deals"), "{found}");
    chain.running(for_us());
    chain.running(for_us());
    let (state, found) = check(&[]).unwrap();
    assert_eq!(state, "warning", "{found}");
    assert!(found.contains("the 2 newest deals"), "{found}");
    assert_eq!(check(&["--offline"]).unwrap().0, "skipped");
    let (state, found) = check(&["--market-url", "http://127.0.0.1:1"]).unwrap();
    assert_eq!(state, "warning", "{found}");
}
