//! `app run`: what is paid for is run once, whatever happens on the way.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::chain::{COST, Is, Requester, Who};
use crate::support::publish::{WALLET_KEY, in_keystore, keystore};
use crate::support::web::{Answer, Fault, Web};
use crate::support::{ADDRESS, Faulty, Pty, Sdk, Token, without_wallets};

const SEND: &str = "eth_sendRawTransaction";

/// The id of the deal that a run has made.
fn deal(raw: &Value) -> String {
    raw["deals"][0]["dealid"].as_str().unwrap().to_owned()
}

/// Asserts that nothing was sent through this node, and nothing waits to be.
#[track_caller]
fn nothing_was_sent(requester: &Requester<'_>, node: &Web) {
    let bodies = node.requests().into_iter().map(|it| it.body);
    let mut bodies = bodies.map(|it| String::from_utf8_lossy(&it).into_owned());
    assert!(!bodies.any(|it| it.contains(SEND)), "something was sent");
    assert!(requester.journal().is_empty(), "something waits");
}

#[test]
fn an_app_is_run_once_for_what_its_orders_say() {
    let Some(requester) = Requester::start() else {
        return;
    };
    requester.at(&requester.seen.chain.node.url());
    let (free, held) = requester.money();
    let deals = requester.deals();
    let run = requester.run(&["--encrypt-result", "--args", "a b", "--force", "--raw"]);
    let raw = run.run().ok().raw();
    let id = deal(&raw);
    assert_eq!(raw["deals"][0]["volume"], "1");
    let hash = &raw["deals"][0]["txHash"];
    let receipt = requester
        .seen
        .chain
        .node
        .rpc("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(requester.deals().len(), deals.len() + 1);
    assert_eq!(requester.money(), (free - COST, held + COST));
    assert!(requester.journal().is_empty());
    let seen = requester
        .seen
        .hub
        .deal(id.parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(
        seen.params,
        r#"{"iexec_result_storage_provider":"ipfs","iexec_result_encryption":true,"iexec_args":"a b"}"#
    );
    assert_eq!(seen.tag.as_bytes()[31], 9);
    for sdk in Sdk::all() {
        let hub = requester.seen.chain.address("hub").to_string();
        let node = requester.seen.chain.node.url();
        let theirs = sdk.show(&node, &hub, &[format!("deal:{id}")]);
        assert!(theirs.to_string().contains(&id), "{theirs}");
    }
    // What was made is gone on with as often as one likes.
    let again = requester.resume().run().ok().raw();
    assert_eq!(again, raw);
    assert_eq!(requester.deals().len(), deals.len() + 1);
}

#[test]
fn nothing_is_signed_that_nobody_has_agreed_to() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    requester.at(&node.url());
    for (args, words) in [
        (&["--raw"][..], "--force"),
        (&["--no-input"], "--force"),
        (
            &["--raw", "--force", "--max-cost", "0.000000109"],
            "--max-cost",
        ),
        (&["--raw", "--force", "--max-cost", "0"], "--max-cost"),
    ] {
        let run = requester.run(args).run().fails(38);
        assert!(run.err().contains(words), "{args:?}: {}", run.err());
    }
    requester
        .run(&["--dry-run", "--max-cost", "0"])
        .run()
        .fails(38);
    let raw = requester.run(&["--dry-run", "--raw"]).run().ok().raw();
    assert_eq!(
        (&raw["dryRun"], &raw["cost"]["nRLC"]),
        (&json!(true), &json!("110"))
    );
    assert_eq!(raw["requestorder"]["sign"], Value::Null);
    let shown = requester.run(&["--dry-run"]).run().ok().out();
    assert!(shown.contains("0.00000011 RLC, 110 nRLC"), "{shown}");
    nothing_was_sent(&requester, &node);
    let run = requester.run(&["--raw", "--force", "--max-cost", "110 nRLC"]);
    run.run().ok();
}

#[test]
fn a_person_is_asked_and_the_pin_comes_after_the_yes() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let Some(requester) = Requester::with_token(&token) else {
        return;
    };
    let address = requester
        .work
        .run(["wallet", "create"])
        .ok()
        .out()
        .trim()
        .to_owned();
    let chain = &requester.seen.chain;
    chain
        .node
        .rpc("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
    chain.give(&address, 1_000);
    requester.at(&chain.node.url());
    let wallet = [
        "--wallet",
        "pkcs11:object=iexec%20wallet",
        "--trust-project",
    ];
    let deposit = requester
        .work
        .cmd(["account", "deposit", "500"])
        .args(&wallet);
    deposit.pin().run().ok();
    let node = requester.node();
    requester.at(&node.url());
    let app = requester.seen.chain.address("app").to_string();
    let run = || requester.work.cmd(["app", "run", &app]).args(&wallet);
    let deals = requester.deals();
    let mut pty = Pty::spawn(&run());
    pty.expect("to execute the request above? (y/N) ")
        .send("n\n");
    let (code, said) = pty.wait();
    assert_eq!(code, 38, "{said}");
    assert!(!said.contains("PIN"), "{said}");
    // A wrong PIN costs an attempt and sends nothing.
    let wrong = requester.work.write("wrong", "no such pin");
    let failed = run().arg("--force").env("IEXEC_HSM_PIN_FILE", &wrong).run();
    failed.fails(12);
    // Neither does a token that is pulled at the first or the second signature, or that has one attempt left.
    for (rule, code) in [
        ("C_Sign * return CKR_DEVICE_REMOVED", 11),
        ("C_Sign 2- return CKR_DEVICE_REMOVED", 11),
        ("flag +CKF_USER_PIN_FINAL_TRY", 13),
    ] {
        let faulty = Faulty::before(&token).rule(rule);
        faulty.drive(run().arg("--force").pin()).run().fails(code);
    }
    nothing_was_sent(&requester, &node);
    assert_eq!(requester.deals(), deals);
    let mut pty = Pty::spawn(&run());
    pty.expect("(y/N) ").send("y\n").expect("PIN");
    pty.until_echo(false).send(&format!("{}\n", token.pin));
    let (code, said) = pty.wait();
    assert_eq!(code, 0, "{said}");
    assert_eq!(requester.deals().len(), deals.len() + 1);
}

#[test]
fn what_would_come_to_nothing_is_refused_before_anything_is_signed() {
    let Some(mut requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    requester.at(&node.url());
    let stranger = Who::Stranger.address().to_string();
    let app = requester.seen.chain.address("app").to_string();
    for (args, code, words) in [
        (&["--encrypt-result", "--tag", ""][..], 2, "TEE"),
        (&["--encrypt-result", "--callback", &app], 2, "in clear"),
        (&["--params", r#"{"iexec_arg":"x"}"#], 2, "Unknown key"),
        (&["--params", "x"], 2, "must be a json"),
        (&["--tag", "tee"], 2, "tee framework"),
        (&["--extract", "x"], 2, "--encrypt-result"),
        (
            &["--encrypt-result", "--decrypt", "--download", "none/x"],
            23,
            "none/x.zip failed",
        ),
        (&["--tag", "tee,scone"], 42, "No order available for app"),
        (&["--workerpool", &stranger], 2, "No workerpool deployed"),
        (&["--dataset", "deployed"], 2, "deployed.json"),
        (&["--category", "3"], 42, "in category 3"),
        (&["--trust", "9"], 42, "No workerpoolorder"),
        (
            &["--encrypt-result", "--beneficiary", &stranger],
            15,
            "push-encryption-key",
        ),
        (&["--secret", "1=login"], 15, "Requester secret"),
    ] {
        let args = [args, &["--force", "--raw"]].concat();
        let run = requester.run(&args).run().fails(code);
        assert!(run.err().contains(words), "{args:?}: {}", run.err());
    }
    // The account has too little: what is missing is named with the command.
    let (free, _) = requester.money();
    let withdraw = (free - 100).to_string();
    let withdraw = ["account", "withdraw", &withdraw, "--trust-project"];
    requester.at(&requester.seen.chain.node.url());
    requester.cmd(&withdraw).run().ok();
    requester.at(&node.url());
    let run = requester.run(&["--force", "--raw"]).run().fails(36);
    assert!(run.err().contains("account deposit 10`"), "{}", run.err());
    requester.at(&requester.seen.chain.node.url());
    requester
        .cmd(&["account", "deposit", "10", "--trust-project"])
        .run()
        .ok();
    requester.at(&node.url());
    // Gas.
    let of = |wei: &str| json!([Who::Requester.address().to_string(), wei]);
    requester.seen.chain.node.rpc("anvil_setBalance", of("0x1"));
    let run = requester.run(&["--force", "--raw"]).run().fails(36);
    assert!(run.err().contains("has 1 wei"), "{}", run.err());
    requester
        .seen
        .chain
        .node
        .rpc("anvil_setBalance", of("0xde0b6b3a7640000"));
    // A market that has nothing.
    requester.relist(Is::Honest);
    requester.at(&node.url());
    let run = requester.run(&["--force", "--raw"]).run().fails(42);
    assert!(run.err().contains("the market lists none"), "{}", run.err());
    nothing_was_sent(&requester, &node);
}

#[test]
fn somebody_else_s_result_is_warned_of_and_a_check_can_be_left_out() {
    let Some(requester) = Requester::start() else {
        return;
    };
    requester.at(&requester.seen.chain.node.url());
    let stranger = Who::Stranger.address().to_string();
    let args = [
        "--force",
        "--encrypt-result",
        "--skip-preflight-check",
        "--beneficiary",
        &stranger,
    ];
    let run = requester.run(&args).run().ok();
    assert!(run.err().contains("NOT FOR YOU"), "{}", run.err());
    let id = requester.deals().pop().unwrap();
    let deal = requester.seen.hub.deal(id).unwrap().unwrap();
    assert_eq!(deal.beneficiary.to_string(), stranger);
}

#[test]
fn a_node_that_is_away_or_another_is_told_from_one_that_stumbles() {
    let Some(requester) = Requester::start() else {
        return;
    };
    requester.at("http://127.0.0.1:1");
    let short = ["--force", "--raw", "--timeout", "1"];
    requester.run(&short).run().fails(34);
    let other = Web::start(|request| {
        let json: Value = serde_json::from_slice(&request.body).unwrap();
        Answer::json(&json!({"jsonrpc": "2.0", "id": json["id"], "result": "0x1"}))
    });
    requester.at(&other.url());
    requester.run(&["--force", "--raw"]).run().fails(35);
    // A market and an SMS that are away.
    requester.at_market(&requester.seen.chain.node.url(), "http://127.0.0.1:1");
    let run = requester.run(&short).run().fails(30);
    assert!(run.err().contains("Nothing was signed"), "{}", run.err());
    requester.at_services(
        &requester.seen.chain.node.url(),
        &[("sms", "http://127.0.0.1:1")],
    );
    let encrypted = ["--encrypt-result", "--force", "--raw", "--timeout", "1"];
    let run = requester.run(&encrypted).run().fails(30);
    let said = run.err();
    assert!(
        said.contains("--skip-preflight-check") && said.contains("Nothing was signed"),
        "{said}"
    );
    assert!(!said.contains("stored"), "{said}");
    assert!(requester.journal().is_empty());
    // Each kind of request fails once.
    let node = requester.node();
    requester.at(&node.url());
    let steps = [
        "eth_chainId",
        "eth_call",
        "eth_estimateGas",
        "eth_getBlockByNumber",
        "eth_maxPriorityFeePerGas",
        "eth_getBalance",
        "eth_getTransactionCount",
        SEND,
        "eth_getTransactionReceipt",
    ];
    for (at, step) in steps.into_iter().enumerate() {
        let status = if at % 2 == 0 { 502 } else { 429 };
        node.fail_where(step, [Fault::status(status)]);
    }
    requester
        .books
        .web
        .fail([Fault::status(502), Fault::status(429)]);
    let deals = requester.deals().len();
    requester.run(&["--force", "--raw"]).run().ok();
    assert_eq!(requester.deals().len(), deals + 1);
}

#[test]
fn an_answer_that_is_lost_makes_one_deal() {
    let Some(requester) = Requester::start() else {
        return;
    };
    for faults in [
        vec![Fault::Close],
        vec![Fault::Reset, Fault::status(502), Fault::status(429)],
        vec![Fault::Cut(5)],
        vec![Fault::Close, Fault::Cut(5), Fault::Close],
    ] {
        let node = requester.node();
        requester.at(&node.url());
        node.fail_where(SEND, faults.clone());
        let (free, held) = requester.money();
        let deals = requester.deals();
        let raw = requester.run(&["--force", "--raw"]).run().ok().raw();
        assert_eq!(requester.deals().len(), deals.len() + 1, "{faults:?}");
        assert_eq!(requester.deals().pop().unwrap().to_string(), deal(&raw));
        assert_eq!(requester.money(), (free - COST, held + COST));
        assert!(requester.journal().is_empty());
    }
}

#[test]
fn a_run_that_is_not_settled_is_gone_on_with_and_none_is_begun_before() {
    let Some(requester) = Requester::start() else {
        return;
    };
    for by in ["app run", "account resume"] {
        let node = requester.node();
        requester.at(&node.url());
        node.fail_where(SEND, std::iter::repeat_n(Fault::Close, 1_000));
        let (deals, money) = (requester.deals(), requester.money());
        let run = requester
            .run(&["--force", "--raw", "--transaction-timeout", "1s"])
            .run();
        let failure: Value = serde_json::from_str(&run.fails(37).err()).unwrap();
        let id = failure["dealid"].as_str().unwrap().to_owned();
        assert!(failure["txHash"].is_string());
        assert_eq!(requester.journal().len(), 1);
        // Neither another run nor anything else is begun.
        requester.at(&requester.seen.chain.node.url());
        for args in [&["app", "run", "--force"][..], &["account", "deposit", "1"]] {
            let app = requester.seen.chain.address("app").to_string();
            let mut args = args.to_vec();
            if args[0] == "app" {
                args.push(&app);
            }
            let run = requester
                .cmd(&args)
                .args(&["--trust-project", "--raw"])
                .run();
            let run = run.fails(37);
            assert!(run.err().contains(&id), "{}", run.err());
        }
        assert_eq!(
            (requester.deals(), requester.money()),
            (deals.clone(), money)
        );
        let made = match by {
            "app run" => deal(&requester.resume().run().ok().raw()),
            _ => {
                let resume = ["account", "resume", "--trust-project", "--raw"];
                let raw = requester.cmd(&resume).run().ok().raw();
                raw["dealid"].as_str().unwrap().to_owned()
            }
        };
        assert_eq!(made, id);
        assert_eq!(requester.deals().len(), deals.len() + 1);
        assert_eq!(requester.money(), (money.0 - COST, money.1 + COST));
        assert!(requester.journal().is_empty());
    }
}

#[test]
fn a_run_of_which_nobody_was_told_is_not_paid_for_again() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    requester.at(&node.url());
    // It was taken, and the program is killed before it knows.
    node.fail_where(SEND, [Fault::Cut(5)]);
    node.fail_where("eth_getTransactionReceipt", [Fault::Hang]);
    let deals = requester.deals();
    let started = requester.run(&["--force", "--raw"]).start();
    while requester.deals().len() == deals.len() {
        std::thread::yield_now();
    }
    requester.at(&requester.seen.chain.node.url());
    // Two at once are not at it.
    let run = requester.run(&["--force", "--raw"]).run().fails(35);
    assert!(run.err().contains("another process"), "{}", run.err());
    started.signal(Signal::KILL);
    started.wait().killed_by(Signal::KILL);
    let run = requester.run(&["--force", "--raw"]).run().fails(37);
    let id = requester.deals().pop().unwrap().to_string();
    assert!(run.err().contains(&id), "{}", run.err());
    assert_eq!(requester.deals().len(), deals.len() + 1);
    assert_eq!(deal(&requester.resume().run().ok().raw()), id);
    requester.run(&["--force", "--raw"]).run().ok();
    assert_eq!(requester.deals().len(), deals.len() + 2);
}

#[test]
fn the_second_of_two_machines_is_told() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    requester.at(&node.url());
    node.fail_where(SEND, std::iter::repeat_n(Fault::Close, 1_000));
    let run = requester
        .run(&["--force", "--raw", "--transaction-timeout", "1s"])
        .run();
    let failure: Value = serde_json::from_str(&run.fails(37).err()).unwrap();
    let lost = failure["dealid"].as_str().unwrap();
    // Another home is another machine.
    let elsewhere = tempfile::tempdir().unwrap();
    requester.at(&requester.seen.chain.node.url());
    let other = requester
        .run(&["--force", "--raw"])
        .env("XDG_STATE_HOME", elsewhere.path());
    other.run().ok();
    let run = requester.resume().run().fails(35);
    assert!(run.err().contains("took the place of"), "{}", run.err());
    assert_eq!(
        requester.seen.hub.deal(lost.parse().unwrap()).unwrap(),
        None
    );
    assert!(requester.journal().is_empty());
}

#[test]
fn a_node_that_is_behind_makes_nothing() {
    let Some(requester) = Requester::start() else {
        return;
    };
    requester.at(&requester.seen.chain.node.url());
    requester.run(&["--force", "--raw"]).run().ok();
    let node = requester.node();
    requester.at(&node.url());
    let behind = Fault::Answer(Answer::json(&json!({"result": "0x0"})));
    node.fail_where("eth_getTransactionCount", [behind]);
    let (deals, money) = (requester.deals(), requester.money());
    let run = requester.run(&["--force", "--raw"]).run().fails(35);
    assert!(run.err().contains("took the place of"), "{}", run.err());
    assert_eq!((requester.deals(), requester.money()), (deals, money));
    assert!(requester.journal().is_empty());
    requester.run(&["--force", "--raw"]).run().ok();
}

#[test]
fn a_wrong_password_sends_nothing() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let (chain, work) = (&requester.seen.chain, &requester.work);
    let coins = json!([ADDRESS, "0xde0b6b3a7640000"]);
    chain.node.rpc("anvil_setBalance", coins);
    chain.give(ADDRESS, 1_000);
    requester.at(&chain.node.url());
    let deposit = work.cmd(["account", "deposit", "500", "--trust-project"]);
    deposit.env("IEXEC_HSM_WALLET_KEY", WALLET_KEY).run().ok();
    let node = requester.node();
    requester.at(&node.url());
    in_keystore(work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let app = chain.address("app").to_string();
    let run = work.cmd(["app", "run", &app, "--trust-project", "--force", "--raw"]);
    let wrong = work.write("password", "no such password");
    run.env("IEXEC_HSM_PASSWORD_FILE", wrong).run().fails(33);
    nothing_was_sent(&requester, &node);
}

#[test]
fn an_order_that_is_used_up_meanwhile_costs_nothing() {
    let Some(mut requester) = Requester::start() else {
        return;
    };
    requester.relist(Is::Honest);
    let seen = &requester.seen;
    let mut app = seen.app();
    app.volume = iexec_hsm::chain::poco::U256::from(1);
    let app = seen.sign(Who::AppOwner, app);
    let pool = seen.sign(Who::Scheduler, seen.workerpool());
    requester.books.list(&app);
    requester.books.list(&pool);
    let node = requester.node();
    requester.at(&node.url());
    let mut pty = Pty::spawn(&requester.run(&[]));
    pty.expect("(y/N) ");
    let mut orders = seen.orders();
    orders.dataset = None;
    orders.request.order.dataset = iexec_hsm::wallet::address::Address::ZERO;
    orders.app = app;
    let orders = seen.signed(orders);
    seen.send(Who::Stranger, &orders.call(&seen.hub));
    pty.send("y\n");
    let (code, said) = pty.wait();
    assert_eq!(code, 35, "{said}");
    assert!(said.contains("nothing left"), "{said}");
    nothing_was_sent(&requester, &node);
}

#[test]
fn gas_that_gets_dearer_is_paid_up_to_what_was_agreed_to() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let low =
        json!({"error": {"code": -32000, "message": "max fee per gas less than block base fee"}});
    let low = || Fault::Answer(Answer::json(&low));
    let node = requester.node();
    requester.at(&node.url());
    node.fail_where(SEND, [low(), low()]);
    let (deals, sent) = (requester.deals().len(), requester.sent());
    requester.run(&["--force", "--raw"]).run().ok();
    assert_eq!(requester.deals().len(), deals + 1);
    assert_ne!(requester.sent(), sent);
    // After the question it costs a thousand times as much.
    let node = requester.node();
    requester.at(&node.url());
    let dear = json!({"result": {"baseFeePerGas": "0x3b9aca00000", "timestamp": "0x1"}});
    let dear = Fault::Answer(Answer::json(&dear));
    node.fail_where("eth_getBlockByNumber", [Fault::None, dear]);
    let run = requester.run(&["--force", "--raw"]).run().fails(38);
    assert!(run.err().contains("were agreed to"), "{}", run.err());
    nothing_was_sent(&requester, &node);
}

#[test]
fn the_money_of_a_pool_that_never_answers_comes_back() {
    let Some(requester) = Requester::start() else {
        return;
    };
    requester.at(&requester.seen.chain.node.url());
    let before = requester.money();
    let args = [
        "--force",
        "--raw",
        "--watch",
        "--watch-timeout",
        "1s",
        "--interval",
        "1s",
    ];
    let run = requester.run(&args).run().fails(42);
    let failure: Value = serde_json::from_str(&run.err()).unwrap();
    let id = deal(&failure);
    assert_eq!(failure["tasks"][0]["statusName"], "UNSET");
    assert!(
        run.err().contains(&format!("deal claim {id}")),
        "{}",
        run.err()
    );
    assert_eq!(requester.money(), (before.0 - COST, before.1 + COST));
    // A deal whose time is over.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let late = Requester::start().unwrap();
    late.seen
        .chain
        .node
        .rpc("anvil_setTime", json!([now - 40_000]));
    late.at(&late.seen.chain.node.url());
    let first = late.money();
    late.run(&["--force", "--raw"]).run().ok();
    // By this machine's clock its time is over, and by that of the chain it is not.
    let watch = ["--watch", "--watch-timeout", "1s"];
    let run = late.resume().args(&watch).run().fails(42);
    assert!(run.err().contains("UNSET"), "{}", run.err());
    late.seen.chain.node.rpc("anvil_setTime", json!([now]));
    late.seen.chain.node.rpc("evm_mine", json!([]));
    let run = late.resume().arg("--watch").run().fails(41);
    let failure: Value = serde_json::from_str(&run.err()).unwrap();
    assert_eq!(failure["failedTasks"][0]["statusName"], "TIMEOUT");
    assert_eq!(failure["error"]["exit"], 41);
    let id = deal(&failure);
    assert!(
        run.err().contains(&format!("deal claim {id}")),
        "{}",
        run.err()
    );
    assert_eq!(late.money(), (first.0 - COST, first.1 + COST));
    late.cmd(&["deal", "claim", &id, "--trust-project"])
        .run()
        .ok();
    assert_eq!(late.money(), first);
}
