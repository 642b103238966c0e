//! What `app run` does at a node that does not try a call as if it were signed.

use alloy_primitives::hex;
use alloy_sol_types::{Revert, SolCall as _, SolError as _};
use serde_json::{Value, json};

use crate::support::chain::Requester;
use crate::support::chain::contracts::matchOrdersCall;
use crate::support::web::{Answer, Fault, Web};

/// What a node says that knows no third parameter.
fn too_many() -> Answer {
    let message = "too many arguments, want at most 2";
    Answer::json(&json!({"id": 1, "error": {"code": -32602, "message": message}}))
}

/// A node in front of the real one, to which other code in the place of an account's is this.
fn node(requester: &Requester<'_>, is_refused: bool) -> Web {
    let there = requester.seen.chain.node.url();
    Web::start(move |request| {
        let mut request = request.clone();
        let mut json: Value = serde_json::from_slice(&request.body).unwrap();
        let params = json["params"].as_array_mut().unwrap();
        if params.len() > 2 && is_refused {
            return too_many();
        }
        params.truncate(2);
        request.body = json.to_string().into();
        Web::handed_on(&there, &request)
    })
}

#[test]
fn the_gas_is_guessed_and_enough_and_that_is_said() {
    let Some(requester) = Requester::start() else {
        return;
    };
    // What the contract stores takes most of the gas.
    let long = "x".repeat(4_000);
    for is_refused in [true, false] {
        let node = node(&requester, is_refused);
        requester.at(&node.url());
        for args in ["", &long] {
            let deals = requester.deals().len();
            let run = requester.run(&["--force", "--args", args]).run().ok();
            assert!(run.err().contains("the gas is a guess"), "{}", run.err());
            assert_eq!(requester.deals().len(), deals + 1);
        }
        let run = requester.run(&["--dry-run"]).run().ok();
        assert!(run.err().contains("the gas is a guess"), "{}", run.err());
    }
    requester.at(&requester.seen.chain.node.url());
    let run = requester.run(&["--dry-run"]).run().ok();
    assert!(!run.err().contains("guess"), "{}", run.err());
}

#[test]
fn all_but_the_signature_is_tried_there_too() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let deals = requester.deals();
    for is_refused in [true, false] {
        let node = node(&requester, is_refused);
        requester.at(&node.url());
        let reason = "iExecV5-matchOrders-0x06".to_owned();
        let data = hex::encode_prefixed(Revert { reason }.abi_encode());
        let no =
            json!({"id": 1, "error": {"code": 3, "message": "execution reverted", "data": data}});
        // The first that holds the call is the question that is not understood.
        let tried = hex::encode(matchOrdersCall::SELECTOR);
        node.fail_where(&tried, [Fault::None, Fault::Answer(Answer::json(&no))]);
        let run = requester.run(&["--force", "--raw"]).run().fails(35);
        assert!(run.err().contains("0x06"), "{}", run.err());
        assert!(run.err().contains("does not offer all"), "{}", run.err());
    }
    assert_eq!(requester.deals(), deals);
    assert!(requester.journal().is_empty());
}
