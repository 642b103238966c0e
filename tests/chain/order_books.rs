//! What is chosen from the market's books, whatever the market is.

use std::collections::BTreeMap;
use std::time::Duration;

use iexec_hsm::chain::order::{AppOrder, Offer, Orders, Signed, Tag};
use iexec_hsm::chain::poco::{Id, U256};
use iexec_hsm::http::{HttpLimits, HttpOptions};
use iexec_hsm::market::{Choice, ChoiceError, Market, Step, Terms};
use serde_json::{Value, json};

use crate::support::Sdk;
use crate::support::chain::{Books, CHAIN_ID, Is, Seen, Who};
use crate::support::web::{Answer, Fault, Web};

fn market(web: &Web) -> Market {
    let mut options = HttpOptions::default();
    options.limits = HttpLimits::within(Duration::from_secs(20));
    Market::new(&web.url(), options).unwrap()
}

/// A request for the app in an enclave, of the requester, but for what is changed of it.
fn terms(seen: &Seen, change: impl FnOnce(&mut Terms)) -> Terms {
    let salt = Id::from([3; 32]);
    let mut terms = Terms::new(Who::Requester.account(), seen.address("app"), salt);
    terms.tag = "tee,tdx".parse().unwrap();
    terms.params = "{}".to_owned();
    change(&mut terms);
    terms
}

/// One of somebody else.
fn terms_of(seen: &Seen, who: Who) -> Terms {
    terms(seen, |it| it.requester = who.account())
}

fn choose(seen: &Seen, web: &Web, terms: &Terms) -> Result<Orders, ChoiceError> {
    let market = market(web);
    Choice::new(&seen.hub, &seen.domain, Some(&market)).orders(terms, &mut |_| ())
}

fn refused(seen: &Seen, web: &Web, terms: &Terms) -> String {
    choose(seen, web, terms).unwrap_err().to_string()
}

/// Orders that the owners have signed, at these prices, but for what is changed of them.
struct Signs<'a>(&'a Seen);

impl Signs<'_> {
    fn app(&self, price: u64, change: impl FnOnce(&mut AppOrder)) -> Signed<AppOrder> {
        let mut order = self.0.app();
        order.price = U256::from(price);
        change(&mut order);
        self.0.sign(Who::AppOwner, order)
    }

    fn pool(
        &self,
        price: u64,
        change: impl FnOnce(&mut iexec_hsm::chain::order::WorkerpoolOrder),
    ) -> Signed<iexec_hsm::chain::order::WorkerpoolOrder> {
        let mut order = self.0.workerpool();
        order.price = U256::from(price);
        change(&mut order);
        self.0.sign(Who::Scheduler, order)
    }

    fn dataset(&self, price: u64) -> Signed<iexec_hsm::chain::order::DatasetOrder> {
        let mut order = self.0.dataset();
        order.price = U256::from(price);
        self.0.sign(Who::DatasetOwner, order)
    }
}

/// Lists what is of no use, all of it cheap, beside what is, in no order.
fn fill(seen: &Seen, books: &Books) {
    let signs = Signs(seen);
    let stranger = Who::Stranger.account();
    books.list(&signs.app(9, |_| {}));
    books.list(&signs.app(6, |_| {}));
    books.list(&signs.app(1, |it| it.tag = "tee,scone".parse().unwrap()));
    books.list(&signs.app(1, |it| it.tag = "tee,tdx,gpu".parse().unwrap()));
    books.list(&signs.app(1, |it| it.volume = U256::ZERO));
    books.list(&signs.app(1, |it| it.requester_restrict = stranger));
    books.list(&signs.app(1, |it| it.workerpool_restrict = seen.address("app")));
    books.list(&signs.app(1, |it| it.app = seen.address("dataset")));
    books.list_of(&signs.app(1, |_| {}), 134);
    books.list(&seen.sign(Who::Stranger, signs.app(1, |_| {}).order));
    books.list(&Signed::unsigned(signs.app(1, |_| {}).order));
    books.list(&signs.dataset(8));
    books.list(&signs.dataset(7));
    books.list(&signs.pool(200, |_| {}));
    books.list(&signs.pool(100, |_| {}));
    books.list(&signs.pool(1, |it| it.tag = Tag::TEE));
    books.list(&signs.pool(1, |it| it.category = U256::from(1)));
    books.list(&signs.pool(1, |it| it.workerpool = seen.address("app")));
    books.list(&signs.pool(1, |it| it.app_restrict = seen.address("dataset")));
    books.list(&signs.pool(1, |it| it.dataset_restrict = seen.address("app")));
}

#[test]
fn the_cheapest_that_fits_is_chosen_whatever_the_market_lists() {
    let Some(seen) = Seen::start() else { return };
    for is in [Is::Honest, Is::Careless] {
        let books = Books::start(is);
        fill(&seen, &books);
        for dataset in [None, Some(seen.address("dataset"))] {
            let wanted = terms(&seen, |it| it.dataset = dataset);
            let mut orders = choose(&seen, &books.web, &wanted).unwrap();
            let prices = [orders.app.order.price, orders.workerpool.order.price];
            assert_eq!(prices, [U256::from(6), U256::from(100)]);
            let said = orders.check(&seen.hub, &seen.domain).unwrap();
            let cost = if dataset.is_some() { 113 } else { 106 };
            assert_eq!(said.cost, U256::from(cost));
            orders
                .sign(&seen.domain, &mut Who::Requester.wallet())
                .unwrap();
            let answer = seen.try_call(Who::Requester, &orders.call(&seen.hub));
            assert_eq!(answer, Ok(said.deal.to_string()));
        }
    }
}

#[test]
fn the_tag_that_is_signed_is_asked_for_and_the_missing_bit_is_named() {
    let Some(seen) = Seen::start() else { return };
    let (signs, app) = (Signs(&seen), seen.address("app"));
    let of = |tag: &str| terms(&seen, |it| it.tag = tag.parse().unwrap());
    let books = Books::start(Is::Honest);
    let empty = refused(&seen, &books.web, &of("tee,tdx"));
    assert_eq!(
        empty,
        format!("No order available for app {app}; the market lists none")
    );
    books.list(&signs.app(5, |_| {}));
    for (tag, words) in [
        ("tee,scone", "Missing tags [scone] in apporder"),
        (
            "gpu",
            "the apporder asks for [tee,tdx], which the request does not ask for",
        ),
        (
            "",
            "the apporder asks for [tee,tdx], which the request does not ask for",
        ),
    ] {
        let message = refused(&seen, &books.web, &of(tag));
        let start =
            format!("No order available for app {app}; of the cheapest that is listed: {words}");
        assert_eq!(message, start, "{tag}");
    }
    let queries = books.queries();
    let digits = |tag: &str| tag.parse::<Tag>().unwrap().to_hex();
    for tag in ["tee,tdx", "tee,scone"] {
        let part = format!("minTag={0}&maxTag={0}", digits(tag));
        assert!(queries.iter().any(|it| it.contains(&part)), "{queries:?}");
    }
    let no_pool = "No workerpoolorder matching your conditions currently available";
    let message = refused(&seen, &books.web, &of("tee,tdx"));
    assert_eq!(message, format!("{no_pool}; the market lists none"));
    books.list(&signs.pool(5, |_| {}));
    let message = refused(&seen, &books.web, &of("tee,tdx,gpu"));
    let why = "of the cheapest that is listed: Missing tags [gpu] in workerpoolorder";
    assert_eq!(message, format!("{no_pool}; {why}"));
    let trusted = terms(&seen, |it| it.trust = U256::from(5));
    let message = refused(&seen, &books.web, &trusted);
    assert!(
        message.ends_with("trust is too low (expected 5, got 0)"),
        "{message}"
    );
    let last = books
        .queries()
        .into_iter()
        .rfind(|it| it.contains("minTrust=5"));
    assert!(last.is_some_and(|it| it.starts_with("/workerpoolorders?")));
    // Nothing of the pool that was named.
    let pool = Some(seen.address("workerpool"));
    let named = terms(&seen, |it| it.workerpool = pool);
    choose(&seen, &books.web, &named).unwrap();
    let all = seen.hub.account(Who::Scheduler.account()).unwrap().stake;
    seen.send(Who::Scheduler, &seen.hub.withdraw(all));
    let message = refused(&seen, &books.web, &named);
    assert!(
        message.contains("has 0 nRLC deposited and needs 1 nRLC"),
        "{message}"
    );
}

#[test]
fn categories_are_tried_upwards_unless_one_is_named() {
    let Some(seen) = Seen::start() else { return };
    let signs = Signs(&seen);
    let books = Books::start(Is::Honest);
    books.list(&signs.app(5, |_| {}));
    books.list(&signs.pool(9, |it| it.category = U256::from(2)));
    books.list(&signs.pool(1, |it| it.category = U256::from(3)));
    let orders = choose(&seen, &books.web, &terms(&seen, |_| ())).unwrap();
    assert_eq!(orders.request.order.category, U256::from(2));
    let of = |category: u64| terms(&seen, |it| it.category = Some(U256::from(category)));
    let orders = choose(&seen, &books.web, &of(3)).unwrap();
    assert_eq!(orders.request.order.category, U256::from(3));
    let message = refused(&seen, &books.web, &of(1));
    let start = "No workerpoolorder matching your conditions available in category 1; the market";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn ones_own_need_no_market_and_are_for_nobody_else() {
    let Some(seen) = Seen::start() else { return };
    let choice = Choice::new(&seen.hub, &seen.domain, None);
    let error = choice
        .orders(&terms_of(&seen, Who::Requester), &mut |_| ())
        .unwrap_err();
    assert!(matches!(error, ChoiceError::NoMarket(_)), "{error}");
    let mut own_pool = terms_of(&seen, Who::Scheduler);
    own_pool.workerpool = Some(seen.address("workerpool"));
    let books = Books::start(Is::Honest);
    books.list(&Signs(&seen).app(5, |_| {}));
    let mut orders = choose(&seen, &books.web, &own_pool).unwrap();
    assert!(orders.workerpool.is_unsigned() && !orders.app.is_unsigned());
    assert_eq!(
        orders.workerpool.order.requester_restrict,
        Who::Scheduler.account()
    );
    let said = orders.check(&seen.hub, &seen.domain).unwrap();
    orders
        .sign(&seen.domain, &mut Who::Scheduler.wallet())
        .unwrap();
    let answer = seen.try_call(Who::Scheduler, &orders.call(&seen.hub));
    assert_eq!(answer, Ok(said.deal.to_string()));
    // What is told of it are the SDK's words.
    books.list(&Signs(&seen).pool(5, |_| {}));
    let mut steps = Vec::new();
    let market = market(&books.web);
    let choice = Choice::new(&seen.hub, &seen.domain, Some(&market));
    choice
        .orders(&terms_of(&seen, Who::AppOwner), &mut |step: Step| {
            steps.push(step.to_string())
        })
        .unwrap();
    let app = seen.address("app");
    assert_eq!(
        steps,
        [
            &format!("Using app {app}"),
            "Creating apporder",
            "Not using dataset",
            "Using any workerpool",
            "Fetching workerpoolorder from iExec Marketplace",
        ]
    );
    let nowhere = terms(&seen, |it| it.app = [9; 20].into());
    let message = refused(&seen, &books.web, &nowhere);
    assert_eq!(
        message,
        format!("No app deployed at address {}", nowhere.app)
    );
}

/// The parameters of the queries so far, but for those of the pages.
fn asked(books: &Books) -> Vec<(String, BTreeMap<String, String>)> {
    let queries = books.queries();
    let pairs = |query: &str| {
        let pairs = query.split('&').filter_map(|it| it.split_once('='));
        let kept = pairs.filter(|(key, _)| !key.starts_with("page"));
        kept.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    };
    let split = |query: &String| {
        let (book, query) = query.split_once('?').unwrap();
        (book.to_owned(), pairs(query))
    };
    queries.iter().map(split).collect()
}

#[test]
fn the_market_is_asked_as_both_sdks_ask_it() {
    let Some(seen) = Seen::start() else { return };
    let signs = Signs(&seen);
    let (dataset, pool) = (seen.address("dataset"), seen.address("workerpool"));
    let wanted = terms(&seen, |it| {
        (it.dataset, it.workerpool) = (Some(dataset), Some(pool));
        it.tag = "tee,tdx,gpu".parse().unwrap();
        it.category = Some(U256::from(2));
        it.trust = U256::from(4);
    });
    let books = Books::start(Is::Honest);
    books.list(&signs.app(5, |_| {}));
    books.list(&signs.dataset(5));
    books.list(&signs.pool(5, |it| {
        (it.category, it.trust) = (wanted.category.unwrap(), wanted.trust);
        it.tag = wanted.tag;
    }));
    choose(&seen, &books.web, &wanted).unwrap();
    let (ours, tag) = (asked(&books), wanted.tag.to_hex());
    assert_eq!(ours.len(), 3);
    let common = json!({"requester": wanted.requester, "workerpool": pool});
    let of = |more: Value| {
        let mut all = common.clone();
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    let told = json!({
        "chainId": CHAIN_ID.to_string(),
        "app": of(json!({"app": wanted.app, "dataset": dataset, "minTag": ["tee", "tdx"], "maxTag": tag})),
        "dataset": of(json!({"dataset": dataset, "app": wanted.app, "maxTag": tag})),
        "workerpool": of(json!({"category": "2", "app": wanted.app, "dataset": dataset, "minTag": tag, "minTrust": "4"})),
    });
    for sdk in Sdk::all() {
        let books = Books::start(Is::Honest);
        sdk.asks_for_orders(&books.web.url(), &told);
        assert_eq!(asked(&books), ours);
    }
}

/// A page of a book as it is over the wire.
fn page(orders: &[Value], next: bool) -> Value {
    let mut json = json!({"ok": true, "count": 1_000_000, "orders": orders});
    if next {
        json["nextPage"] = 7.into();
    }
    json
}

fn listed<O: Offer>(order: &Signed<O>) -> Value {
    json!({"chainId": CHAIN_ID, "order": order})
}

#[test]
fn a_market_without_end_holds_nobody_up() {
    let Some(seen) = Seen::start() else { return };
    let good = listed(&Signs(&seen).app(5, |_| {}));
    // The same page for ever.
    let same = page(&[good], true);
    let web = Web::start(move |_| Answer::json(&same));
    let message = refused(&seen, &web, &terms(&seen, |_| ()));
    assert!(message.starts_with("No workerpoolorder"), "{message}");
    let times = |web: &Web, book: &str| {
        let requests = web.requests();
        requests.iter().filter(|it| it.path() == book).count()
    };
    assert_eq!(times(&web, "/apporders"), 2);
    // Always others, which nobody has signed.
    let order = serde_json::to_value(Signs(&seen).app(5, |_| {})).unwrap();
    let count = std::sync::atomic::AtomicU64::new(0);
    let web = Web::start(move |_| {
        let fresh = |_| {
            let salt = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mut order = order.clone();
            order["salt"] = format!("0x{salt:064x}").into();
            json!({"chainId": CHAIN_ID, "order": order})
        };
        Answer::json(&page(&(0..100).map(fresh).collect::<Vec<_>>(), true))
    });
    let message = refused(&seen, &web, &terms(&seen, |_| ()));
    let why = "of the cheapest that is listed: apporder invalid sign: ";
    assert!(message.contains(why), "{message}");
    assert_eq!(times(&web, "/apporders"), 10);
}

#[test]
fn what_no_market_says_is_named_and_what_passes_is_waited_for() {
    let Some(seen) = Seen::start() else { return };
    let order = listed(&Signs(&seen).app(5, |_| {}));
    for odd in [
        Answer::new(200, "<html>"),
        Answer::json(&json!({"ok": false, "error": "no"})),
        Answer::json(&page(&vec![order.clone(); 101], false)),
        Answer::json(&page(&[json!({"order": order["order"]})], false)),
    ] {
        let web = Web::start(move |_| odd.clone());
        let message = refused(&seen, &web, &terms(&seen, |_| ()));
        assert!(
            message.ends_with("but not as iExec's market does"),
            "{message}"
        );
    }
    // What is no order is passed over: anybody can publish such.
    let odd = json!({"chainId": CHAIN_ID, "order": {"app": "0x12"}});
    let web = Web::start(move |request| match request.path() {
        "/apporders" => Answer::json(&page(&[odd.clone(), order.clone()], false)),
        _ => Answer::json(&page(&[], false)),
    });
    let message = refused(&seen, &web, &terms(&seen, |_| ()));
    assert!(message.starts_with("No workerpoolorder"), "{message}");
    let books = Books::start(Is::Honest);
    books.list(&Signs(&seen).pool(5, |_| {}));
    // It is asked again where it was busy or broken.
    books.list(&Signs(&seen).app(5, |_| {}));
    books.web.fail_where(
        "apporders",
        [
            Fault::status(429),
            Fault::status(502),
            Fault::Close,
            Fault::Cut(9),
        ],
    );
    choose(&seen, &books.web, &terms(&seen, |_| ())).unwrap();
    let web = Web::start(|_| Answer::new(429, "").header("Retry-After", "3600"));
    let message = refused(&seen, &web, &terms(&seen, |_| ()));
    assert!(
        message.contains("takes no more requests for now (429)"),
        "{message}"
    );
}
