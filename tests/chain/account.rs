//! `account …`: money goes where it was sent, once, whatever happens to the node and the program on the way.

use std::fs;
use std::io::{BufRead as _, BufReader};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::chain::{Chain, Who};
use crate::support::web::{Answer, Fault, Web};
use crate::support::{Cmd, Run, Sdk, Token, Work, without_wallets};

const SEND: &str = "eth_sendRawTransaction";

/// A command about the money of the requester, at this node.
fn account(work: &Work<'_>, chain: &Chain, node: &str, args: &[&str]) -> Cmd {
    chain.write_chain_json(work, &[("host", node)]);
    let cmd = work.cmd(["account"]).args(args).arg("--raw");
    cmd.env("IEXEC_HSM_WALLET_KEY", Who::Requester.private_key())
}

/// One that sends something.
fn send(work: &Work<'_>, chain: &Chain, node: &str, args: &[&str]) -> Cmd {
    account(work, chain, node, args).arg("--trust-project")
}

/// What the requester has: free in the hub, and in the wallet, in nRLC.
fn money(work: &Work<'_>, chain: &Chain) -> (u64, u64) {
    let raw = account(work, chain, &chain.node.url(), &["show"])
        .run()
        .ok()
        .raw();
    let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
    (
        number(&raw["balance"]["stake"]),
        number(&raw["walletBalance"]["nRLC"]),
    )
}

/// How many transactions the requester has in blocks.
fn sent(chain: &Chain) -> Value {
    let address = Who::Requester.address().to_string();
    chain
        .node
        .rpc("eth_getTransactionCount", json!([address, "latest"]))
}

/// The journal's entries, but not its locks.
fn journal(work: &Work<'_>) -> Vec<String> {
    let folder = work.home().join(".local/state/iexec-hsm");
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".json")).collect()
}

/// The hash that stands beside an error.
fn hash_of(run: &Run) -> Value {
    let failure: Value = serde_json::from_str(&run.err()).unwrap();
    assert!(failure["txHash"].is_string(), "{failure}");
    failure["txHash"].clone()
}

#[test]
fn both_sdks_see_the_same_money() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let address = Who::Requester.address().to_string();
    let ours = account(&work, &chain, &chain.node.url(), &["show"])
        .run()
        .ok()
        .raw();
    for sdk in Sdk::all() {
        let theirs = sdk.iexec(&work, ["account", "show", &address]).ok().raw();
        assert_eq!(ours["balance"], theirs["balance"]);
    }
}

#[test]
fn what_is_put_in_can_be_taken_out() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let node = chain.node.url();
    let (stake, wallet) = money(&work, &chain);
    let raw = send(&work, &chain, &node, &["deposit", "1.5", "RLC"])
        .run()
        .ok()
        .raw();
    assert_eq!(raw["amount"], "1500000000");
    let hash = raw["txHash"].as_str().unwrap();
    let receipt = chain.node.rpc("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["type"], "0x2");
    assert_eq!(
        money(&work, &chain),
        (stake + 1_500_000_000, wallet - 1_500_000_000)
    );
    // The unit in the same argument, as the SDK takes it.
    for amount in ["400", "0.0000001 RLC"] {
        send(&work, &chain, &node, &["withdraw", amount]).run().ok();
    }
    assert_eq!(
        money(&work, &chain),
        (stake + 1_499_999_500, wallet - 1_499_999_500)
    );
    assert!(journal(&work).is_empty());
}

#[test]
fn a_key_on_the_token_pays() {
    if without_wallets() {
        return;
    }
    let Some(chain) = Chain::start() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    let address = work.run(["wallet", "create"]).ok().out().trim().to_owned();
    chain
        .node
        .rpc("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
    chain.give(&address, 1_000);
    chain.write_chain_json(&work, &[]);
    let cmd = |args: &[&str]| {
        let cmd = work.cmd(["account"]).args(args);
        cmd.args(&[
            "--raw",
            "--trust-project",
            "--wallet",
            "pkcs11:object=iexec%20wallet",
        ])
    };
    // A wrong PIN sends nothing.
    let wrong = work.write("wrong-pin", "no such pin");
    let run = cmd(&["deposit", "600"])
        .env("IEXEC_HSM_PIN_FILE", &wrong)
        .run();
    run.fails(12);
    assert!(journal(&work).is_empty());
    cmd(&["deposit", "600"]).pin().run().ok();
    let shown = work
        .cmd(["account", "show", &address, "--raw"])
        .run()
        .ok()
        .raw();
    assert_eq!(shown["balance"], json!({"stake": "600", "locked": "0"}));
    assert_eq!(shown["walletBalance"]["nRLC"], "400");
}

#[test]
fn what_is_not_there_is_named_before_anything_is_signed() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let node = Web::in_front_of(&chain.node.url());
    let refused = |args: &[&str], code, words: &str| {
        let run = send(&work, &chain, &node.url(), args).run().fails(code);
        let message = run.raw_error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{message}");
    };
    refused(&["deposit", "1000000", "RLC"], 36, "are missing");
    refused(&["withdraw", "1000000", "RLC"], 36, "are missing");
    refused(&["deposit", "0"], 2, "more than 0");
    refused(&["deposit", "1.5"], 2, "1 nRLC");
    refused(&["deposit", "1 ETH"], 2, "RLC or nRLC");
    refused(&["deposit", "1 RLC", "RLC"], 2, "RLC or nRLC");
    let address = Who::Requester.address().to_string();
    chain.node.rpc("anvil_setBalance", json!([address, "0x1"]));
    refused(&["deposit", "5"], 36, "has 1 wei");
    assert!(
        !node
            .requests()
            .iter()
            .any(|it| String::from_utf8_lossy(&it.body).contains(SEND))
    );
    assert!(journal(&work).is_empty());
}

#[test]
fn a_contract_or_a_node_that_only_the_project_names_gets_nothing() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let before = sent(&chain);
    let run = account(&work, &chain, &chain.node.url(), &["deposit", "5"])
        .run()
        .fails(2);
    let message = run.raw_error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("--trust-project"), "{message}");
    assert!(
        message.contains(&chain.address("hub").to_string()),
        "{message}"
    );
    assert_eq!(sent(&chain), before);
}

#[test]
fn an_answer_that_is_lost_costs_nothing() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let cut = || [Fault::Cut(5)];
    for faults in [
        // Before the node had it, and after.
        vec![Fault::Close],
        vec![Fault::Reset, Fault::status(502), Fault::status(429)],
        cut().to_vec(),
        vec![Fault::Close, Fault::Cut(5), Fault::Close],
    ] {
        let node = Web::in_front_of(&chain.node.url());
        let (stake, _) = money(&work, &chain);
        let before = sent(&chain);
        node.fail_where(SEND, faults.clone());
        node.fail_where(
            "eth_getTransactionReceipt",
            [Fault::status(502), Fault::Close],
        );
        let raw = send(&work, &chain, &node.url(), &["deposit", "7"])
            .run()
            .ok()
            .raw();
        assert_eq!(money(&work, &chain).0, stake + 7, "{faults:?}");
        assert_eq!(next(&before), sent(&chain), "{faults:?}: {raw}");
        assert!(journal(&work).is_empty());
    }
}

/// The number after this one.
fn next(number: &Value) -> Value {
    let digits = number.as_str().unwrap().trim_start_matches("0x");
    format!("{:#x}", u64::from_str_radix(digits, 16).unwrap() + 1).into()
}

#[test]
fn a_price_of_gas_that_rises_is_paid_with_the_same_number() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let node = Web::in_front_of(&chain.node.url());
    let low =
        json!({"error": {"code": -32000, "message": "max fee per gas less than block base fee"}});
    node.fail_where(
        SEND,
        [
            Fault::Answer(Answer::json(&low)),
            Fault::Answer(Answer::json(&low)),
        ],
    );
    let before = sent(&chain);
    send(&work, &chain, &node.url(), &["deposit", "7"])
        .run()
        .ok();
    assert_eq!(next(&before), sent(&chain));
    // One that never takes it is told of, and nothing stays open.
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(
        SEND,
        std::iter::repeat_n(Fault::Answer(Answer::json(&low)), 9),
    );
    send(&work, &chain, &node.url(), &["deposit", "7"])
        .run()
        .fails(35);
    assert!(journal(&work).is_empty());
    let no = json!({"error": {"code": -32000, "message": "sender is \u{1b}[31mbanned"}});
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(SEND, [Fault::Answer(Answer::json(&no))]);
    let run = send(&work, &chain, &node.url(), &["deposit", "7"])
        .run()
        .fails(35);
    assert!(!run.err().contains('\u{1b}'), "{}", run.err());
    assert!(journal(&work).is_empty());
    let odd = json!({"error": {"code": -32000, "message": "unknown transaction type"}});
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(SEND, [Fault::Answer(Answer::json(&odd))]);
    send(&work, &chain, &node.url(), &["deposit", "7"])
        .run()
        .fails(35);
    assert!(journal(&work).is_empty());
    assert_eq!(next(&before), sent(&chain));
}

#[test]
fn what_is_not_settled_is_named_and_the_same_bytes_are_sent_again() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (stake, _) = money(&work, &chain);
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(SEND, std::iter::repeat_n(Fault::Close, 1_000));
    let cmd = send(
        &work,
        &chain,
        &node.url(),
        &["deposit", "7", "--transaction-timeout", "1s"],
    );
    let run = cmd.run().fails(37);
    let hash = hash_of(&run);
    assert!(run.err().contains("account resume"), "{}", run.err());
    assert_eq!(journal(&work).len(), 1);
    // Neither another deposit nor anything else is begun.
    let healthy = chain.node.url();
    let run = send(&work, &chain, &healthy, &["withdraw", "1"])
        .run()
        .fails(37);
    assert_eq!(hash_of(&run), hash);
    assert_eq!(money(&work, &chain).0, stake);
    let raw = send(&work, &chain, &healthy, &["resume"]).run().ok().raw();
    assert_eq!(
        (&raw["txHash"], &raw["sentBy"]),
        (&hash, &json!("account deposit"))
    );
    assert_eq!(money(&work, &chain).0, stake + 7);
    assert!(journal(&work).is_empty());
    let raw = send(&work, &chain, &healthy, &["resume"]).run().ok().raw();
    assert_eq!(raw["resumed"], false);
}

#[test]
fn a_kill_at_any_step_loses_and_repeats_nothing() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let healthy = chain.node.url();
    for step in [
        "eth_estimateGas",
        "eth_getTransactionCount",
        SEND,
        "eth_getTransactionReceipt",
    ] {
        let (stake, _) = money(&work, &chain);
        let node = Web::in_front_of(&healthy);
        node.fail_where(step, [Fault::Hang]);
        let started = send(&work, &chain, &node.url(), &["deposit", "7"]).start();
        let reached = || {
            let requests = node.requests();
            requests
                .iter()
                .any(|it| String::from_utf8_lossy(&it.body).contains(step))
        };
        while !reached() {
            std::thread::yield_now();
        }
        started.signal(Signal::KILL);
        started.wait().killed_by(Signal::KILL);
        let was_signed = [SEND, "eth_getTransactionReceipt"].contains(&step);
        assert_eq!(journal(&work).len(), usize::from(was_signed), "{step}");
        let raw = send(&work, &chain, &healthy, &["resume"]).run().ok().raw();
        assert_eq!(raw["resumed"], was_signed, "{step}");
        let paid = if was_signed { 7 } else { 0 };
        assert_eq!(money(&work, &chain).0, stake + paid, "{step}");
    }
}

#[test]
fn a_transaction_whose_number_another_one_took_is_known_to_be_none() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(SEND, std::iter::repeat_n(Fault::Close, 1_000));
    let args = ["deposit", "7", "--transaction-timeout", "1s"];
    send(&work, &chain, &node.url(), &args).run().fails(37);
    // From another machine.
    let elsewhere = Work::without_token();
    send(&elsewhere, &chain, &chain.node.url(), &["deposit", "3"])
        .run()
        .ok();
    let run = send(&work, &chain, &chain.node.url(), &["resume"])
        .run()
        .fails(35);
    assert!(run.err().contains("took the place of"), "{}", run.err());
    assert!(journal(&work).is_empty());
}

#[test]
fn two_runs_of_one_account_are_not_at_it_at_once() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let node = Web::in_front_of(&chain.node.url());
    node.fail_where(SEND, [Fault::Hang]);
    chain.write_chain_json(&work, &[("host", &node.url())]);
    let cmd = work.cmd(["account", "deposit", "7", "--trust-project"]);
    let mut started = cmd
        .env("IEXEC_HSM_WALLET_KEY", Who::Requester.private_key())
        .start();
    let mut lines = BufReader::new(started.take_stderr()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Transaction 0x")));
    let run = send(&work, &chain, &chain.node.url(), &["deposit", "7"])
        .run()
        .fails(35);
    assert!(run.err().contains("another process"), "{}", run.err());
    started.signal(Signal::KILL);
    started.wait().killed_by(Signal::KILL);
}
