//! What `app run` sends is byte for byte what iExec's SDK sends for the same orders.

use alloy_primitives::{Address, Bytes, hex};
use alloy_sol_types::SolCall as _;
use iexec_hsm::chain::order::WorkerpoolOrder;
use iexec_hsm::chain::poco::U256;
use serde_json::{Value, json};

use crate::support::Sdk;
use crate::support::chain::contracts::matchOrdersCall;
use crate::support::chain::{Requester, Who};

/// The signed orders of a call, in the form that the SDK reads.
fn orders(call: &[u8]) -> Value {
    let call = matchOrdersCall::abi_decode(call).unwrap();
    let (app, dataset, pool, request) = (call.app, call.dataset, call.workerpool, call.request);
    let bytes = |it: &Bytes| hex::encode_prefixed(it);
    let address = |it: Address| it.to_string();
    let mut orders = json!({
        "apporder": {
            "app": address(app.app), "appprice": app.appprice.to_string(), "volume": app.volume.to_string(),
            "tag": app.tag.to_string(), "datasetrestrict": address(app.datasetrestrict),
            "workerpoolrestrict": address(app.workerpoolrestrict), "requesterrestrict": address(app.requesterrestrict),
            "salt": app.salt.to_string(), "sign": bytes(&app.sign),
        },
        "workerpoolorder": {
            "workerpool": address(pool.workerpool), "workerpoolprice": pool.workerpoolprice.to_string(),
            "volume": pool.volume.to_string(), "tag": pool.tag.to_string(), "category": pool.category.to_string(),
            "trust": pool.trust.to_string(), "apprestrict": address(pool.apprestrict),
            "datasetrestrict": address(pool.datasetrestrict), "requesterrestrict": address(pool.requesterrestrict),
            "salt": pool.salt.to_string(), "sign": bytes(&pool.sign),
        },
        "requestorder": {
            "app": address(request.app), "appmaxprice": request.appmaxprice.to_string(),
            "dataset": address(request.dataset), "datasetmaxprice": request.datasetmaxprice.to_string(),
            "workerpool": address(request.workerpool), "workerpoolmaxprice": request.workerpoolmaxprice.to_string(),
            "requester": address(request.requester), "volume": request.volume.to_string(), "tag": request.tag.to_string(),
            "category": request.category.to_string(), "trust": request.trust.to_string(),
            "beneficiary": address(request.beneficiary), "callback": address(request.callback),
            "params": request.params, "salt": request.salt.to_string(), "sign": bytes(&request.sign),
        },
    });
    if dataset.dataset != Address::ZERO {
        orders["datasetorder"] = json!({
            "dataset": address(dataset.dataset), "datasetprice": dataset.datasetprice.to_string(),
            "volume": dataset.volume.to_string(), "tag": dataset.tag.to_string(), "apprestrict": address(dataset.apprestrict),
            "workerpoolrestrict": address(dataset.workerpoolrestrict), "requesterrestrict": address(dataset.requesterrestrict),
            "salt": dataset.salt.to_string(), "sign": bytes(&dataset.sign),
        });
    }
    orders
}

#[test]
fn both_sdks_would_send_the_same_bytes() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let (seen, node) = (&requester.seen, &requester.seen.chain.node);
    let [hub, dataset, app] = ["hub", "dataset", "app"].map(|it| seen.address(it).to_string());
    let trusted = WorkerpoolOrder {
        trust: U256::from(2),
        ..seen.workerpool()
    };
    requester.books.list(&seen.sign(Who::Scheduler, trusted));
    requester
        .books
        .list(&seen.sign(Who::DatasetOwner, seen.dataset()));
    requester.at(&node.url());
    let keys = [Who::Requester, Who::AppOwner].map(Who::private_key);
    let [by_requester, by_owner_of_app] = &keys;
    let cmd = |key: &str, args: &[&str]| {
        let cmd = requester.work.cmd(args).args(&["--trust-project", "--raw"]);
        cmd.env("IEXEC_HSM_WALLET_KEY", key)
    };
    let owner = Who::AppOwner.address().to_string();
    seen.chain.give(&owner, 1_000);
    cmd(by_owner_of_app, &["account", "deposit", "1000"])
        .run()
        .ok();
    let odd = "--name \"Zo\u{eb}\" \u{1}\n";
    let files = "https://a.test/b?c=d,https://a.test/e";
    let with_dataset = ["--dataset", &dataset, "--args", odd, "--input-files", files];
    let for_another = ["--trust", "2", "--category", "0", "--beneficiary", &owner];
    let (mut wanted, mut sent) = (Vec::new(), Vec::new());
    for (key, args) in [
        (by_requester, &["--encrypt-result"][..]),
        (by_requester, &with_dataset),
        (by_requester, &for_another),
        (by_requester, &["--callback", &app]),
        // The app's order is signed here, too.
        (by_owner_of_app, &["--args", ""]),
    ] {
        let before = node.rpc("evm_snapshot", json!([]));
        let run = cmd(
            key,
            &["app", "run", &app, "--force", "--skip-preflight-check"],
        );
        let raw = run.args(args).run().ok().raw();
        let hash = &raw["deals"][0]["txHash"];
        let transaction = node.rpc("eth_getTransactionByHash", json!([hash]));
        // As if it had not been sent: the SDK, too, refuses an order that is used up.
        assert_eq!(node.rpc("evm_revert", json!([before])), true);
        let data = hex::decode(transaction["input"].as_str().unwrap()).unwrap();
        let mut orders = orders(&data);
        orders["key"] = key.as_str().into();
        wanted.push(orders);
        sent.push(transaction);
    }
    assert_eq!(wanted[4]["apporder"]["requesterrestrict"], owner);
    for version in [Sdk::V8, Sdk::V9] {
        let Some(sdk) = Sdk::find(version) else {
            return;
        };
        let theirs = sdk.match_orders(&node.url(), &hub, &wanted);
        assert_eq!(theirs.len(), sent.len());
        for (theirs, ours) in theirs.iter().zip(&sent) {
            assert_eq!(theirs["data"], ours["input"], "{version}");
            let to = theirs["to"].as_str().unwrap().to_lowercase();
            assert_eq!(
                (to.as_str(), "0"),
                (
                    ours["to"].as_str().unwrap(),
                    theirs["value"].as_str().unwrap()
                )
            );
        }
    }
}
