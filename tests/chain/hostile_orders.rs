//! `app run` with a market, a node and an SMS that mean no good: nothing is signed and nothing is sent.

use std::sync::atomic::{AtomicUsize, Ordering};

use iexec_hsm::chain::order::{AppOrder, Order, Signed, WorkerpoolOrder};
use iexec_hsm::chain::poco::{Domain, U256};
use serde_json::{Value, json};

use crate::support::chain::{CHAIN_ID, Requester, Who};
use crate::support::sms::Request;
use crate::support::web::{Answer, Fault, Web};
use crate::support::{ADDRESS, Cmd, Run};

/// What it costs to be asked for ever, or to be sent all there is: neither time nor memory without end.
const LIMITED: [&str; 4] = ["prlimit", "--as=2000000000", "timeout", "60"];

/// The market, with these answers for its books of apps and of workerpools.
fn market(apps: Answer, pools: Answer) -> Web {
    Web::start(move |request| match request.path() {
        "/apporders" => apps.clone(),
        "/workerpoolorders" => pools.clone(),
        _ => page(&[]),
    })
}

fn page(orders: &[Value]) -> Answer {
    Answer::json(&json!({"ok": true, "count": orders.len(), "orders": orders}))
}

fn only(order: &Value) -> Answer {
    page(std::slice::from_ref(order))
}

fn listed<O: Order + serde::Serialize>(order: &Signed<O>) -> Value {
    json!({"chainId": CHAIN_ID, "remaining": 1000, "status": "open", "order": order})
}

struct Orders<'a>(&'a Requester<'static>);

impl Orders<'_> {
    fn app(&self, change: impl FnOnce(&mut AppOrder)) -> Value {
        let mut order = self.0.seen.app();
        change(&mut order);
        listed(&self.0.seen.sign(Who::AppOwner, order))
    }

    fn pool(&self, change: impl FnOnce(&mut WorkerpoolOrder)) -> Value {
        let mut order = self.0.seen.workerpool();
        change(&mut order);
        listed(&self.0.seen.sign(Who::Scheduler, order))
    }
}

fn run(requester: &Requester<'_>, args: &[&str]) -> Cmd {
    let fixed = ["--force", "--raw", "--timeout", "5"];
    requester.run(&[&fixed[..], args].concat()).under(LIMITED)
}

/// Asserts that a run ended with one of these codes, and that nothing was signed that could be sent.
#[track_caller]
fn came_to_nothing(requester: &Requester<'_>, node: &Web, run: &Run, codes: &[i32], what: &str) {
    let code = run.code.unwrap_or(-1);
    let said = run.err();
    assert!(codes.contains(&code), "{what}: {code} {said}");
    assert!(!said.contains("memory"), "{what}: {said}");
    assert!(
        !said.contains('\u{1b}') && !run.out().contains('\u{1b}'),
        "{what}: {said:?}"
    );
    let mut requests = node.requests().into_iter();
    let is_sent = |it: Request| String::from_utf8_lossy(&it.body).contains("sendRawTransaction");
    assert!(!requests.any(is_sent), "{what}: something was sent");
    assert!(
        requester.journal().is_empty(),
        "{what}: something was signed"
    );
}

#[test]
fn an_order_with_absurd_numbers_is_none() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    let orders = Orders(&requester);
    let (app, pool) = (orders.app(|_| {}), orders.pool(|_| {}));
    let too_large = "1157920892373161954235709850086879078532699846656405640394575840079131296399";
    let absurd: Vec<Value> = [
        json!("-1"),
        json!(-1),
        json!(1.5),
        json!(1e80),
        json!("1e3"),
        json!("0x10"),
        json!(""),
        json!(" 5"),
        json!("+5"),
        json!("５"),
        json!(null),
        json!(true),
        json!([5]),
        json!({"value": 5}),
        json!(format!("{too_large}36")),
        json!(format!("1{}", "0".repeat(80))),
        json!("9".repeat(100_000)),
        json!("5\u{1b}[31m\r\n\u{202e}"),
    ]
    .to_vec();
    for field in ["appprice", "volume"] {
        let changed = |number: &Value| {
            let mut app = app.clone();
            app["order"][field] = number.clone();
            app
        };
        let apps: Vec<Value> = absurd.iter().map(changed).collect();
        let market = market(page(&apps), only(&pool));
        requester.at_market(&node.url(), &market.url());
        let run = run(&requester, &[]).run();
        came_to_nothing(&requester, &node, &run, &[42], field);
        assert!(
            run.err().contains("No order available for app"),
            "{}",
            run.err()
        );
    }
    for field in ["workerpoolprice", "category", "trust"] {
        let changed = |number: &Value| {
            let mut pool = pool.clone();
            pool["order"][field] = number.clone();
            pool
        };
        let pools: Vec<Value> = absurd.iter().map(changed).collect();
        let market = market(only(&app), page(&pools));
        requester.at_market(&node.url(), &market.url());
        let run = run(&requester, &[]).run();
        came_to_nothing(&requester, &node, &run, &[42], field);
        assert!(run.err().contains("No workerpoolorder"), "{}", run.err());
    }
    // One good order between them is found.
    let mut apps: Vec<Value> = vec![json!({"chainId": CHAIN_ID, "order": {"appprice": "x"}}); 50];
    apps.insert(25, app);
    let market = market(page(&apps), page(&[pool]));
    requester.at_market(&node.url(), &market.url());
    run(&requester, &["--dry-run"]).run().ok();
}

#[test]
fn prices_that_are_signed_and_beyond_all_money_are_not_paid() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    let orders = Orders(&requester);
    let small = U256::from(1);
    let beyond = U256::from(10).pow(U256::from(70));
    for (app_price, pool_price, args, code) in [
        (U256::MAX, U256::MAX, &[][..], 42),
        (U256::MAX, small, &[], 42),
        (small, beyond, &[], 42),
        (beyond, small, &[], 36),
        (beyond, small, &["--max-cost", "1"], 36),
    ] {
        let app = orders.app(|it| it.price = app_price);
        let pool = orders.pool(|it| {
            it.price = pool_price;
            it.volume = U256::MAX;
        });
        let market = market(page(&[app]), page(&[pool]));
        requester.at_market(&node.url(), &market.url());
        let run = run(&requester, args).run();
        let what = format!("{app_price} {pool_price} {args:?}");
        came_to_nothing(&requester, &node, &run, &[code], &what);
    }
}

#[test]
fn what_nobody_signed_for_this_is_not_matched() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let (node, seen) = (requester.node(), &requester.seen);
    let orders = Orders(&requester);
    let pool = orders.pool(|_| {});
    // Of the same owner, whose other app is dearer or does something else.
    let other = seen.chain.create_app("{}").into_array().into();
    let elsewhere = |chain_id: u64| {
        let mut domain: Domain = seen.domain.clone();
        domain.chain_id = U256::from(chain_id);
        let mut wallet = Who::AppOwner.wallet();
        let signed = Signed::sign(seen.app(), Who::AppOwner.account(), &domain, &mut wallet);
        listed(&signed.unwrap())
    };
    let mut cheaper = orders.app(|_| {});
    cheaper["order"]["appprice"] = json!(0);
    let mut of_zeros = orders.app(|_| {});
    of_zeros["order"]["sign"] = json!(format!("0x{}", "00".repeat(65)));
    let mut short = orders.app(|_| {});
    short["order"]["sign"] = json!("0x");
    let mut long = orders.app(|_| {});
    long["order"]["sign"] = json!(format!("0x{}", "11".repeat(1 << 20)));
    let swapped = |it: &mut AppOrder| it.app = other;
    for (what, app) in [
        ("another app", orders.app(swapped)),
        ("of another chain", elsewhere(134)),
        (
            "of a stranger",
            listed(&seen.sign(Who::Stranger, seen.app())),
        ),
        ("cheaper than was signed", cheaper),
        ("a signature of zeros", of_zeros),
        ("no signature", short),
        ("a signature of 1 MiB", long),
        ("nothing left", orders.app(|it| it.volume = U256::ZERO)),
    ] {
        let apps = vec![app; 3];
        let market = market(page(&apps), only(&pool));
        requester.at_market(&node.url(), &market.url());
        let run = run(&requester, &[]).run();
        came_to_nothing(&requester, &node, &run, &[42], what);
    }
}

#[test]
fn what_is_paid_is_what_was_shown_whatever_the_market_says_next() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    let orders = Orders(&requester);
    let pool = orders.pool(|_| {});
    let prices: Vec<Value> = [5, 500_000, 0]
        .into_iter()
        .map(|price| orders.app(|it| it.price = U256::from(price)))
        .collect();
    let asked = AtomicUsize::new(0);
    let market = Web::start(move |request| match request.path() {
        "/apporders" => {
            let at = asked.fetch_add(1, Ordering::Relaxed).min(2);
            page(&prices[at..=at])
        }
        _ => only(&pool),
    });
    requester.at_market(&node.url(), &market.url());
    let raw = run(&requester, &["--max-cost", "110 nRLC"])
        .run()
        .ok()
        .raw();
    let id = raw["deals"][0]["dealid"].as_str().unwrap();
    let deal = requester
        .seen
        .hub
        .deal(id.parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(
        (deal.app.price, deal.workerpool.price),
        (U256::from(5), U256::from(105))
    );
}

#[test]
fn answers_without_end_or_measure_hold_nobody_up() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let node = requester.node();
    let orders = Orders(&requester);
    let (app, pool) = (orders.app(|_| {}), orders.pool(|_| {}));
    let many = |count: usize| {
        let one = r#"{"chainId":65535,"order":{}}"#;
        let all = vec![one; count].join(",");
        Answer::new(200, format!(r#"{{"ok":true,"count":1,"orders":[{all}]}}"#))
    };
    let nested = |open: &str, close: &str| {
        let deep = 1_000_000;
        let order = format!("{}1{}", open.repeat(deep), close.repeat(deep));
        Answer::new(
            200,
            format!(r#"{{"ok":true,"orders":[{{"chainId":65535,"order":{order}}}]}}"#),
        )
    };
    let mut params = app.clone();
    params["order"]["params"] = json!("x".repeat(12 << 20));
    let shrinking = Web::start({
        let app = app.clone();
        move |request| match request.parameter("pageIndex") {
            Some("0") => Answer::json(&json!({
                "ok": true, "count": 100_000, "nextPage": 1,
                "orders": vec![json!({"chainId": 134, "order": app["order"]}); 100],
            })),
            _ => Answer::json(&json!({"ok": true, "count": 0, "orders": [], "nextPage": 2})),
        }
    });
    let endless = market(page(&[]), page(&[]));
    endless.fail_for_ever(Fault::Endless);
    let away =
        |status: u16, to: &str| market(Answer::new(status, "").header("Location", to), page(&[]));
    let secret = Web::start(|_| page(&[]));
    let markets = [
        ("a million entries", market(many(1_000_000), only(&pool))),
        ("a million arrays", market(nested("[", "]"), only(&pool))),
        (
            "a million objects",
            market(nested(r#"{"a":"#, "}"), only(&pool)),
        ),
        ("12 MiB of parameters", market(page(&[params]), only(&pool))),
        ("pages that shrink", shrinking),
        ("a body without end", endless),
        (
            "compressed",
            market(
                Answer::new(200, [0x1f, 0x8b, 8, 0]).header("Content-Encoding", "gzip"),
                page(&[]),
            ),
        ),
        ("sent to a file", away(302, "file:///etc/passwd")),
        ("sent to another port", away(307, &secret.url())),
        (
            "sent to the cloud",
            away(302, "http://169.254.169.254/latest/meta-data"),
        ),
        (
            "an error with escapes",
            market(
                Answer::new(200, r#"{"ok":false,"error":"\u001b[31m\u202e"}"#),
                page(&[]),
            ),
        ),
    ];
    for (what, market) in markets {
        requester.at_market(&node.url(), &market.url());
        let run = run(&requester, &[]).run();
        came_to_nothing(&requester, &node, &run, &[30, 42], what);
    }
    assert!(secret.requests().is_empty(), "a redirect was followed");
}

#[test]
fn a_node_that_lies_about_numbers_has_nothing_signed() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let url = requester.seen.chain.node.url();
    let digits = |count: usize| json!(format!("0x{}", "f".repeat(count)));
    let escape = json!("\u{1b}[31m");
    // No transaction takes so little gas.
    let estimates = [
        json!("0x5207"),
        json!("0x"),
        json!(-1),
        digits(64),
        digits(2 << 20),
        escape.clone(),
    ];
    let all_others = [json!("0x_"), json!(null), escape];
    for (method, lies) in [
        ("eth_estimateGas", &estimates[..]),
        ("eth_getTransactionCount", &all_others),
        ("eth_getBalance", &all_others),
        ("eth_call", &all_others),
        ("eth_getBlockByNumber", &all_others),
    ] {
        for lie in lies {
            let (there, told) = (url.clone(), lie.clone());
            let node = Web::start(move |request| {
                let asked: Value = serde_json::from_slice(&request.body).unwrap();
                let lied = json!({"jsonrpc": "2.0", "id": asked["id"], "result": told});
                match asked["method"] == method {
                    true => Answer::json(&lied),
                    false => Web::handed_on(&there, request),
                }
            });
            requester.at(&node.url());
            let run = run(&requester, &[]).run();
            let lie: String = lie.to_string().chars().take(80).collect();
            came_to_nothing(
                &requester,
                &node,
                &run,
                &[34, 35, 36],
                &format!("{method} {lie}"),
            );
        }
    }
}

#[test]
fn a_market_that_lists_deals_without_end_or_measure_holds_no_list_up() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let id = format!("0x{}", "ab".repeat(32));
    let many = vec![format!(r#"{{"dealid":"{id}","blockNumber":1e80}}"#); 150_000].join(",");
    for (what, body) in [
        (
            "many",
            format!(r#"{{"ok":true,"count":-1,"deals":[{many}],"nextPage":1}}"#),
        ),
        (
            "deep",
            format!(r#"{{"ok":true,"deals":{}}}"#, "[".repeat(1_000_000)),
        ),
        (
            "no ids",
            r#"{"ok":true,"deals":[{"dealid":"\u001b[31m"}]}"#.to_owned(),
        ),
        (
            "negative",
            format!(r#"{{"ok":true,"deals":[{{"dealid":"{id}","blockNumber":-1}}]}}"#),
        ),
    ] {
        let market = Web::start(move |_| Answer::new(200, body.clone()));
        requester.at_market(&requester.seen.chain.node.url(), &market.url());
        let list = [
            "task",
            "list",
            "--wallet-address",
            ADDRESS,
            "--timeout",
            "5",
        ];
        let run = requester.cmd(&list).under(LIMITED).run();
        let said = run.err();
        assert!(!matches!(run.code, Some(124) | None), "{what}: {said}");
        assert!(
            !said.contains("memory") && !said.contains('\u{1b}'),
            "{what}: {said}"
        );
    }
}
