//! The chain of the tests is one that iExec's SDK finds the same tasks on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::chain::{Ask, Chain, Who, every_kind, on_ipfs};
use crate::support::{Sdk, Work};

use alloy_primitives::keccak256;
use serde_json::json;

#[test]
fn both_sdks_see_every_kind_of_task() {
    let Some(chain) = Chain::start() else { return };
    let kinds = every_kind(&chain);
    let wanted: Vec<_> = kinds.iter().map(|it| format!("task:{}", it.task)).collect();
    let hub = chain.address("hub").to_string();
    for sdk in Sdk::all() {
        let said = sdk.show(&chain.node.url(), &hub, &wanted);
        // It does not get along with more contributors than one.
        for kind in kinds.iter().filter(|it| it.what != "several contributors") {
            let task = &said[kind.task.to_string()]["task"];
            assert_eq!(task["statusName"], kind.state, "{}: {said}", kind.what);
            assert_eq!(task["dealid"], kind.deal.to_string(), "{}", kind.what);
        }
    }
}

#[test]
fn the_programs_of_both_sdks_work_with_it() {
    let Some(chain) = Chain::start() else { return };
    let (_, task) = chain.completed(Ask::default(), &on_ipfs("Qm"), keccak256("a"));
    let work = Work::without_token();
    chain.write_chain_json(&work, &[]);
    for sdk in Sdk::all() {
        let run = sdk.iexec(&work, ["task", "show", &task.to_string()]).ok();
        assert_eq!(run.raw()["task"]["results"]["location"], "/ipfs/Qm");
    }
}

#[test]
fn a_node_that_was_stopped_goes_on_where_it_was() {
    let Some(mut chain) = Chain::start() else {
        return;
    };
    let (_, task) = chain.running(Ask::default());
    let url = chain.node.url();
    chain.node.stop();
    chain.node.start_again();
    assert_eq!(chain.node.url(), url);
    chain.ago(10);
    let deal = chain.deal(Ask::default());
    assert_ne!(chain.begin(&deal, 0), task);
}

#[test]
fn money_that_no_receipt_tells_of_is_noticed() {
    let stranger = Who::Stranger.address().to_string();
    for (is_noticed, method) in [
        (true, "anvil_dealERC20"),
        (true, "anvil_addBalance"),
        // What a test gives away it has to say.
        (false, "anvil_setBalance"),
    ] {
        let Some(chain) = Chain::start() else { return };
        chain.completed(Ask::default(), &on_ipfs("Qm"), keccak256("a"));
        let token = chain.address("token").to_string();
        let params = match method {
            "anvil_dealERC20" => json!([stranger, token, "0x1"]),
            _ => json!([stranger, "0x1"]),
        };
        chain.node.rpc(method, params);
        let end = catch_unwind(AssertUnwindSafe(|| drop(chain)));
        assert_eq!(end.is_err(), is_noticed, "{method}");
    }
}
