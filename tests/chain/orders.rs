//! Orders as iExec's own contracts and both SDKs take them.

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall as _;
use iexec_hsm::chain::order::{Order as _, Orders, Params, Signed, Tag};
use iexec_hsm::chain::poco::{Call, U256};
use iexec_hsm::wallet::address::Address;
use serde_json::{Value, json};

use crate::support::Sdk;
use crate::support::chain::contracts::{
    AppOrderOperation, SignedAppOrder, manageAppOrderCall, transferCall,
};
use crate::support::chain::{Seen, Who};

/// Has the app's owner sign (0) or close (1) its order on the chain.
fn manage(seen: &Seen, order: &Signed<iexec_hsm::chain::order::AppOrder>, operation: u8) {
    let it = &order.order;
    let address = |it: Address| (*it.as_bytes()).into();
    let order = SignedAppOrder {
        app: address(it.app),
        appprice: it.price,
        volume: it.volume,
        tag: alloy_primitives::hex::decode(it.tag.to_hex())
            .unwrap()
            .as_slice()
            .try_into()
            .unwrap(),
        datasetrestrict: address(it.dataset_restrict),
        workerpoolrestrict: address(it.workerpool_restrict),
        requesterrestrict: address(it.requester_restrict),
        salt: it.salt.into(),
        sign: Bytes::new(),
    };
    let operation = AppOrderOperation {
        order,
        operation,
        sign: Bytes::new(),
    };
    let data = manageAppOrderCall { operation }.abi_encode();
    seen.send(Who::AppOwner, &Call::new(seen.hub.address(), data));
}

#[test]
fn a_deal_is_what_was_said_before_and_costs_that() {
    let Some(seen) = Seen::start() else { return };
    let mut orders = seen.orders();
    orders.request.order.volume = U256::from(3);
    let orders = seen.signed(orders);
    let said = orders.check(&seen.hub, &seen.domain).unwrap();
    assert_eq!((said.volume, said.first_task), (U256::from(3), U256::ZERO));
    // 5 + 7 + 105 each; 30 % of 105 is 31, for each task.
    assert_eq!((said.cost, said.needed), (U256::from(351), U256::from(351)));
    assert_eq!(said.pool_stake, U256::from(93));
    let before = [Who::Requester, Who::Scheduler].map(|who| seen.money(who));
    let call = orders.call(&seen.hub);
    let answer = seen.try_call(Who::Requester, &call);
    assert_eq!(answer.as_ref(), Ok(&said.deal.to_string()));
    seen.send(Who::Requester, &call);
    let after = [Who::Requester, Who::Scheduler].map(|who| seen.money(who));
    let held = |at: usize, nrlc: u64| (before[at].0 - nrlc, before[at].1 + nrlc);
    assert_eq!(after, [held(0, 351), held(1, 93)]);
    let deal = seen.hub.deal(said.deal).unwrap().unwrap();
    assert_eq!(deal.tag.to_string(), said.tag.to_hex());
    assert_eq!(
        (deal.tasks, deal.first_task),
        (said.volume, said.first_task)
    );
    // The same request again is refused, here and there.
    let error = orders
        .check(&seen.hub, &seen.domain)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("requesterorder is fully consumed"),
        "{error}"
    );
    let refused = seen.try_call(Who::Requester, &call).unwrap_err();
    assert!(refused.ends_with("0x60"), "{refused}");
}

#[test]
fn what_is_ones_own_is_signed_by_the_wallet_that_pays() {
    let Some(seen) = Seen::start() else { return };
    // Money for those who have none.
    for who in [Who::AppOwner, Who::DatasetOwner] {
        let token = seen.address("token");
        let transfer = transferCall {
            to: who.address(),
            value: U256::from(1_000),
        };
        seen.send(Who::Requester, &Call::new(token, transfer.abi_encode()));
        seen.send(who, &seen.hub.deposit(Some(token), U256::from(1_000)));
    }
    for (who, needed) in [
        (Who::AppOwner, 117),
        (Who::DatasetOwner, 117),
        (Who::Scheduler, 148),
    ] {
        let mut orders = seen.orders();
        let all = seen.signed(seen.orders());
        if who != Who::AppOwner {
            orders.app = all.app;
        }
        if who != Who::DatasetOwner {
            orders.dataset = all.dataset;
        }
        if who != Who::Scheduler {
            orders.workerpool = all.workerpool;
        }
        orders.request.order.requester = who.account();
        let said = orders.check(&seen.hub, &seen.domain).unwrap();
        assert_eq!(said.needed, U256::from(needed), "{who:?}");
        // Another wallet signs none of it.
        assert!(
            orders
                .clone()
                .sign(&seen.domain, &mut Who::Stranger.wallet())
                .is_err()
        );
        orders.sign(&seen.domain, &mut who.wallet()).unwrap();
        assert_eq!(orders.check(&seen.hub, &seen.domain).unwrap(), said);
        let before = seen.money(who);
        seen.send(who, &orders.call(&seen.hub));
        let after = seen.money(who);
        let held = before.1 + needed;
        assert_eq!(after, (before.0 - needed, held), "{who:?}");
    }
    // What somebody else would have to sign is not taken for signed.
    let mut orders = seen.signed(seen.orders());
    orders.app = Signed::unsigned(orders.app.order);
    let error = orders.check(&seen.hub, &seen.domain).unwrap_err();
    assert!(
        error.to_string().starts_with("apporder invalid sign"),
        "{error}"
    );
}

/// What is wrong with orders, by the code of the contract and the words here.
type Bad = (&'static str, &'static str, fn(&Seen, &mut Orders));

const BAD: [Bad; 28] = [
    ("0x00", "category mismatch", |_, it| {
        it.workerpool.order.category = U256::from(1)
    }),
    ("0x01", "no category 9", |_, it| {
        it.request.order.category = U256::from(9);
        it.workerpool.order.category = U256::from(9);
    }),
    ("0x02", "trust is too low (expected 2, got 0)", |_, it| {
        it.request.order.trust = U256::from(2)
    }),
    (
        "0x03",
        "appmaxprice too low (expected 6, got 5)",
        |_, it| it.app.order.price = U256::from(6),
    ),
    ("0x04", "datasetmaxprice too low", |_, it| {
        it.request.order.dataset_max_price = U256::ZERO
    }),
    ("0x05", "workerpoolmaxprice too low", |_, it| {
        it.workerpool.order.price = U256::MAX
    }),
    ("0x06", "Missing tags [gpu] in workerpoolorder", |_, it| {
        it.request.order.tag = "tee,tdx,gpu".parse().unwrap()
    }),
    ("0x06", "Missing tags [tdx] in workerpoolorder", |_, it| {
        it.workerpool.order.tag = Tag::TEE
    }),
    ("0x07", "Missing tags [tee] in apporder", |_, it| {
        it.app.order.tag = Tag::NONE
    }),
    ("0x10", "not of 0x", |seen, it| {
        it.request.order.app = seen.address("dataset")
    }),
    ("0x11", "not of 0x", |_, it| it.dataset = None),
    ("0x11", "not of 0x", |_, it| {
        it.request.order.dataset = Address::ZERO
    }),
    ("0x12", "not of 0x", |seen, it| {
        it.request.order.workerpool = seen.address("app")
    }),
    (
        "0x13",
        "the apporder is only for the dataset",
        |seen, it| it.app.order.dataset_restrict = seen.address("app"),
    ),
    (
        "0x14",
        "the apporder is only for the workerpool",
        |seen, it| it.app.order.workerpool_restrict = seen.address("app"),
    ),
    ("0x15", "the apporder is only for the requester", |_, it| {
        it.app.order.requester_restrict = Who::Stranger.account()
    }),
    (
        "0x16",
        "the datasetorder is only for the app",
        |seen, it| {
            it.dataset.as_mut().unwrap().order.app_restrict = seen.address("dataset");
        },
    ),
    (
        "0x17",
        "the datasetorder is only for the workerpool",
        |seen, it| {
            it.dataset.as_mut().unwrap().order.workerpool_restrict = seen.address("dataset");
        },
    ),
    (
        "0x18",
        "the datasetorder is only for the requester",
        |_, it| {
            it.dataset.as_mut().unwrap().order.requester_restrict = Who::Stranger.account();
        },
    ),
    (
        "0x19",
        "the workerpoolorder is only for the app",
        |seen, it| it.workerpool.order.app_restrict = seen.address("dataset"),
    ),
    (
        "0x1a",
        "the workerpoolorder is only for the dataset",
        |seen, it| it.workerpool.order.dataset_restrict = seen.address("app"),
    ),
    (
        "0x1b",
        "the workerpoolorder is only for the requester",
        |_, it| {
            it.workerpool.order.requester_restrict = Who::Stranger.account();
        },
    ),
    // A workerpool is nobody's app, though it has an owner.
    ("0x20", "No app deployed at address", |seen, it| {
        it.app.order.app = seen.address("workerpool");
        it.request.order.app = seen.address("workerpool");
    }),
    ("0x21", "apporder invalid sign", |seen, it| {
        it.app.sign = seen.sign(Who::Stranger, it.app.order.clone()).sign
    }),
    ("0x31", "datasetorder invalid sign", |seen, it| {
        it.dataset.as_mut().unwrap().sign = seen.sign(Who::Stranger, seen.dataset()).sign;
    }),
    ("0x41", "workerpoolorder invalid sign", |seen, it| {
        it.workerpool.sign = seen.sign(Who::AppOwner, seen.workerpool()).sign
    }),
    ("0x50", "requesterorder invalid sign", |seen, it| {
        it.request.sign = seen.sign(Who::Requester, seen.request()).sign
    }),
    (
        "0x60",
        "apporder is fully consumed: nothing is left of 0",
        |_, it| it.app.order.volume = U256::ZERO,
    ),
];

#[test]
fn what_the_contract_refuses_is_refused_here_with_the_reason() {
    let Some(seen) = Seen::start() else { return };
    let good = seen.signed(seen.orders());
    good.check(&seen.hub, &seen.domain).unwrap();
    seen.try_call(Who::Requester, &good.call(&seen.hub))
        .unwrap();
    for (code, words, spoil) in BAD {
        let mut orders = seen.orders();
        spoil(&seen, &mut orders);
        let orders = seen.signed(orders);
        let refused = seen
            .try_call(Who::Requester, &orders.call(&seen.hub))
            .unwrap_err();
        assert_eq!(refused, format!("iExecV5-matchOrders-{code}"), "{words}");
        let error = orders.check(&seen.hub, &seen.domain).unwrap_err();
        assert!(error.to_string().contains(words), "{code}: {error}");
    }
    // The workerpool's owner has 1,000 RLC deposited, and 30 % of the price is at stake.
    let mut dear = seen.orders();
    dear.workerpool.order.price = U256::from(3_400_000_000_000_u64);
    dear.request.order.workerpool_max_price = dear.workerpool.order.price;
    let dear = seen.signed(dear);
    let error = dear.check(&seen.hub, &seen.domain).unwrap_err().to_string();
    assert!(
        error.contains("needs 1020000000000 nRLC for its stake"),
        "{error}"
    );
    assert!(
        seen.try_call(Who::Requester, &dear.call(&seen.hub))
            .is_err()
    );
}

#[test]
fn orders_signed_or_closed_on_the_chain_count_as_that() {
    let Some(seen) = Seen::start() else { return };
    let mut orders = seen.signed(seen.orders());
    orders.app.sign = Vec::new();
    assert!(orders.check(&seen.hub, &seen.domain).is_err());
    manage(&seen, &orders.app, 0);
    let said = orders.check(&seen.hub, &seen.domain).unwrap();
    let call = orders.call(&seen.hub);
    assert_eq!(
        seen.try_call(Who::Requester, &call),
        Ok(said.deal.to_string())
    );
    manage(&seen, &orders.app, 1);
    let error = orders
        .check(&seen.hub, &seen.domain)
        .unwrap_err()
        .to_string();
    assert!(error.contains("nothing is left of 1000"), "{error}");
    assert!(seen.try_call(Who::Requester, &call).is_err());
}

#[test]
fn a_list_on_the_chain_admits_whom_it_lists() {
    let Some(seen) = Seen::start() else { return };
    let list: Address = [0x77; 20].into();
    // Contracts that answer 1, answer 0, refuse, answer nothing, and none at all.
    for (code, is_admitted) in [
        ("0x600160005260206000f3", true),
        ("0x60206000f3", false),
        ("0x60006000fd", false),
        ("0x00", false),
        ("0x", false),
    ] {
        seen.chain
            .node
            .rpc("anvil_setCode", json!([list.to_string(), code]));
        let mut orders = seen.orders();
        orders.app.order.requester_restrict = list;
        orders.request.order.workerpool = list;
        let orders = seen.signed(orders);
        let here = orders.check(&seen.hub, &seen.domain);
        let there = seen.try_call(Who::Requester, &orders.call(&seen.hub));
        assert_eq!(
            (here.is_ok(), there.is_ok()),
            (is_admitted, is_admitted),
            "{code}: {here:?}"
        );
    }
}

/// The orders that an SDK has made, read by the library.
fn read(made: &Value) -> Orders {
    fn one<O: iexec_hsm::chain::order::Order>(made: &Value, name: &str) -> Signed<O> {
        let order = Signed::<O>::from_json(made["orders"][name].to_string().as_bytes()).unwrap();
        let again = serde_json::to_value(&order).unwrap();
        let sorted = |it: &Value| {
            let mut fields: Vec<_> = it.as_object().unwrap().clone().into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields
        };
        let mut theirs = made["orders"][name].clone();
        if !theirs["params"].is_string() && name == "requestorder" {
            theirs["params"] = theirs["params"].to_string().into();
        }
        assert_eq!(sorted(&again), sorted(&theirs), "{name}");
        order
    }
    Orders {
        app: one(made, "apporder"),
        dataset: Some(one(made, "datasetorder")),
        workerpool: one(made, "workerpoolorder"),
        request: one(made, "requestorder"),
    }
}

#[test]
fn both_sdks_hash_sign_and_count_the_same() {
    let Some(seen) = Seen::start() else { return };
    let params = json!({
        "iexec_args": "--name \"Zoë\" \u{1}\n",
        "iexec_input_files": ["https://a.test/b?c=d"],
        "iexec_secrets": {"2": "b", "10": "c", "1": "a"},
        "iexec_result_encryption": true,
    });
    let text = |it: Address| it.to_string();
    for (version, tag) in [(Sdk::V8, "tee,scone"), (Sdk::V9, "tee,tdx,gpu")] {
        let Some(sdk) = Sdk::find(version) else {
            return;
        };
        let restricted = json!({"requesterrestrict": text(Who::Requester.account())});
        let mut app = restricted.clone();
        app["app"] = text(seen.address("app")).into();
        app["appprice"] = "5".into();
        app["tag"] = tag.into();
        let dataset = json!({"dataset": text(seen.address("dataset")), "datasetprice": "0.000000002 RLC", "volume": "9007199254740991", "tag": "tee"});
        let workerpool = json!({"workerpool": text(seen.address("workerpool")), "workerpoolprice": "105", "category": "2", "trust": "4", "tag": tag});
        let request = json!({
            "app": text(seen.address("app")), "appmaxprice": "5",
            "dataset": text(seen.address("dataset")), "datasetmaxprice": "7",
            "workerpoolmaxprice": "105", "volume": "3", "category": "2", "trust": "3", "tag": tag,
            "beneficiary": text(Who::Stranger.account()), "params": params,
        });
        let wanted = json!({
            "keys": {
                "app": Who::AppOwner.private_key(), "dataset": Who::DatasetOwner.private_key(),
                "workerpool": Who::Scheduler.private_key(), "request": Who::Requester.private_key(),
            },
            "app": app, "dataset": dataset, "workerpool": workerpool, "request": request,
        });
        let hub = seen.hub.address().to_string();
        let made = sdk.orders(&seen.chain.node.url(), &hub, &wanted);
        let orders = read(&made);
        let hashes = [
            orders.app.order.hash(&seen.domain),
            orders.dataset.as_ref().unwrap().order.hash(&seen.domain),
            orders.workerpool.order.hash(&seen.domain),
            orders.request.order.hash(&seen.domain),
        ];
        let names = [
            "apporder",
            "datasetorder",
            "workerpoolorder",
            "requestorder",
        ];
        for (hash, name) in hashes.iter().zip(names) {
            assert_eq!(made["hashes"][name], hash.to_string(), "{version} {name}");
        }
        // The same order and salt have the same signature.
        let unsigned = Orders {
            app: Signed::unsigned(orders.app.order.clone()),
            dataset: orders.dataset.clone().map(|it| Signed::unsigned(it.order)),
            workerpool: Signed::unsigned(orders.workerpool.order.clone()),
            request: Signed::unsigned(orders.request.order.clone()),
        };
        assert!(seen.signed(unsigned) == orders, "{version}");
        let ours = Params::read(&params.to_string()).unwrap();
        let ours = ours.finish(tag.parse().unwrap(), Address::ZERO).unwrap();
        assert_eq!(ours, orders.request.order.params);
        let said = orders.check(&seen.hub, &seen.domain).unwrap();
        assert_eq!(said.cost.to_string(), made["total"], "{version}");
        assert_eq!(said.volume.to_string(), made["volume"], "{version}");
    }
}
