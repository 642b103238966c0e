//! `task claim` and `deal claim`: the money of what timed out goes back.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::support::chain::{Ask, Chain, Who, every_kind};
use crate::support::{Cmd, Work};

fn claim(work: &Work<'_>, chain: &Chain, of: &str, id: B256) -> Cmd {
    chain.write_chain_json(work, &[]);
    let cmd = work.cmd([of, "claim", &id.to_string(), "--raw", "--trust-project"]);
    // Anybody may do it.
    cmd.env("IEXEC_HSM_WALLET_KEY", Who::Stranger.private_key())
}

fn locked(work: &Work<'_>) -> String {
    let address = Who::Requester.address().to_string();
    let raw = work
        .cmd(["account", "show", &address, "--raw"])
        .run()
        .ok()
        .raw();
    raw["balance"]["locked"].as_str().unwrap().to_owned()
}

#[test]
fn a_task_that_timed_out_gives_the_money_back() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    chain.ago(40_000);
    let (_, task) = chain.running(Ask::default());
    chain.ago(10);
    chain.deal(Ask::default());
    chain.write_chain_json(&work, &[]);
    let both = locked(&work);
    let hash = claim(&work, &chain, "task", task).run().ok().raw()["txHash"].clone();
    let receipt = chain.node.rpc("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    // One of two deals at the same price is left.
    let both: u64 = both.parse().unwrap();
    assert_eq!(locked(&work), (both / 2).to_string());
    let run = claim(&work, &chain, "task", task).run().fails(35);
    assert!(run.err().contains("FAILED"), "{}", run.err());
}

#[test]
fn what_cannot_be_claimed_is_named_and_nothing_is_sent() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let kinds = every_kind(&chain);
    let stranger = Who::Stranger.address().to_string();
    for kind in kinds {
        let code = match kind.state {
            "TIMEOUT" => continue,
            "COMPLETED" | "FAILED" => 35,
            _ => 42,
        };
        claim(&work, &chain, "task", kind.task).run().fails(code);
    }
    claim(&work, &chain, "task", B256::repeat_byte(1))
        .run()
        .fails(42);
    let sent = chain
        .node
        .rpc("eth_getTransactionCount", json!([stranger, "latest"]));
    assert_eq!(sent, "0x0");
}

#[test]
fn a_deal_is_claimed_with_the_tasks_that_nobody_began_with() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    chain.ago(40_000);
    let deal = chain.deal(Ask {
        volume: 3,
        ..Ask::default()
    });
    let begun = chain.begin(&deal, 1);
    chain.ago(10);
    chain.deal(Ask::default());
    let raw = claim(&work, &chain, "deal", deal.id).run().ok().raw();
    let ids = |index: u64| deal.task(index).to_string();
    assert_eq!(
        raw["claimed"],
        json!({"0": ids(0), "1": ids(1), "2": ids(2)})
    );
    let kinds: Vec<&Value> = raw["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["type"])
        .collect();
    assert_eq!(kinds, ["claimArray", "initializeAndClaimArray"]);
    assert_eq!(begun, deal.task(1));
    for index in 0..3 {
        let raw = work
            .cmd(["task", "show", &ids(index), "--raw"])
            .run()
            .ok()
            .raw();
        assert_eq!(raw["task"]["statusName"], "FAILED");
    }
    let run = claim(&work, &chain, "deal", deal.id).run().fails(35);
    assert!(run.err().contains("Nothing to claim"), "{}", run.err());
    let early = chain.deal(Ask::default());
    claim(&work, &chain, "deal", early.id).run().fails(42);
}
