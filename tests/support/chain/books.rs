//! iExec's market, as far as it lists orders: filters, sorting, and pages of ten to a hundred.

use std::sync::{Arc, Mutex};

use alloy_primitives::U256;
use iexec_hsm::chain::order::{Offer, Side, Signed};
use serde_json::{Value, json};

use super::CHAIN_ID;
use crate::support::sms::Request;
use crate::support::web::{Answer, Web};

/// A running market; it ends when this is dropped.
pub struct Books {
    pub web: Web,
    listed: Arc<Mutex<Vec<Entry>>>,
    is: Is,
}

struct Entry {
    book: &'static str,
    json: Value,
}

/// Whether a market does what it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Honest,
    /// It lists everything to everybody, in no order.
    Careless,
}

impl Books {
    pub fn start(is: Is) -> Self {
        let listed = Arc::<Mutex<Vec<Entry>>>::default();
        let known = listed.clone();
        let web = Web::start(move |request| answer(request, &known.lock().unwrap(), is));
        Self { web, listed, is }
    }

    /// What it answers, for another address.
    pub fn answers(&self) -> impl Fn(&Request) -> Answer + Send + Sync + use<> {
        let (known, is) = (self.listed.clone(), self.is);
        move |request| answer(request, &known.lock().unwrap(), is)
    }

    /// Lists an order.
    pub fn list<O: Offer>(&self, order: &Signed<O>) {
        self.list_of(order, CHAIN_ID);
    }

    /// Lists it as one of another chain.
    pub fn list_of<O: Offer>(&self, order: &Signed<O>, chain_id: u64) {
        let book = match O::SIDE {
            Side::App => "/apporders",
            Side::Dataset => "/datasetorders",
            _ => "/workerpoolorders",
        };
        let mut order = serde_json::to_value(order).unwrap();
        // The market has numbers where the SDK has texts.
        for (key, value) in order.as_object_mut().unwrap() {
            let number = value.as_str().and_then(|it| it.parse::<u64>().ok());
            if let Some(number) = number.filter(|_| key != "params") {
                *value = number.into();
            }
        }
        let json = json!({
            "orderHash": format!("0x{}", "00".repeat(32)),
            "chainId": chain_id,
            "remaining": order["volume"],
            "status": "open",
            "signer": format!("0x{}", "00".repeat(20)),
            "publicationTimestamp": "2026-11-01T00:00:00.000Z",
            "order": order,
        });
        self.listed.lock().unwrap().push(Entry { book, json });
    }

    /// The queries so far.
    pub fn queries(&self) -> Vec<String> {
        let requests = self.web.requests();
        requests.iter().map(|it| it.target.clone()).collect()
    }
}

fn answer(request: &Request, listed: &[Entry], is: Is) -> Answer {
    let number = |name: &str| request.parameter(name).unwrap().parse::<usize>().unwrap();
    let (index, size) = (number("pageIndex"), number("pageSize"));
    assert!((10..=100).contains(&size));
    let of_book = listed.iter().filter(|it| it.book == request.path());
    let mut found: Vec<&Value> = of_book.map(|it| &it.json).collect();
    if is == Is::Honest {
        found.retain(|it| is_wanted(request, it));
        found.sort_by_key(|it| price(&it["order"]));
    }
    let page: Vec<&&Value> = found.iter().skip(index * size).take(size).collect();
    let mut json = json!({"ok": true, "count": found.len(), "orders": page});
    if page.len() == size {
        json["nextPage"] = (index + 1).into();
    }
    Answer::json(&json)
}

fn price(order: &Value) -> u64 {
    let names = ["appprice", "datasetprice", "workerpoolprice"];
    names.iter().find_map(|name| order[name].as_u64()).unwrap()
}

fn is_wanted(request: &Request, listed: &Value) -> bool {
    let order = &listed["order"];
    let chain: u64 = request.parameter("chainId").unwrap().parse().unwrap();
    let is_of = |name: &str| {
        let wanted = request.parameter(name);
        wanted.is_none_or(|it| order[name].as_str().is_none_or(|found| found == it))
    };
    let admits = |name: &str| {
        let zero = "0x0000000000000000000000000000000000000000";
        let only = order[format!("{name}restrict")].as_str().unwrap_or(zero);
        only == zero || request.parameter(name) == Some(only)
    };
    let bits = |text: &str| U256::from_str_radix(&text[2..], 16).unwrap();
    let tag = bits(order["tag"].as_str().unwrap());
    let [min, max] = ["minTag", "maxTag"].map(|name| request.parameter(name).map(bits));
    let least = |name: &str, least: &str| {
        let wanted = request
            .parameter(least)
            .map(|it| it.parse::<u64>().unwrap());
        wanted.is_none_or(|it| order[name].as_u64().unwrap() >= it)
    };
    let category = request.parameter("category");
    let is_open = request.parameter("requester").is_none()
        || ["app", "dataset", "workerpool", "requester"]
            .into_iter()
            .all(admits);
    listed["chainId"] == chain
        && ["app", "dataset", "workerpool"].into_iter().all(is_of)
        && is_open
        && min.is_none_or(|it| tag & it == it)
        && max.is_none_or(|it| tag & it == tag)
        && category.is_none_or(|it| order["category"].as_u64().unwrap().to_string() == it)
        && least("trust", "minTrust")
}
