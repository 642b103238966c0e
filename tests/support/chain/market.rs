//! iExec's market, as far as it tells of deals: filters, pages of ten to a hundred, and `nextPage` where there may be more.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{CHAIN_ID, Deal};
use crate::support::sms::Request;
use crate::support::web::{Answer, Web};

/// A running market; it ends when this is dropped.
pub struct Market {
    pub web: Web,
    deals: Arc<Mutex<Vec<Value>>>,
}

impl Market {
    pub fn start() -> Self {
        let deals = Arc::<Mutex<Vec<Value>>>::default();
        let known = deals.clone();
        let web = Web::start(move |request| answer(request, &known.lock().unwrap()));
        Self { web, deals }
    }

    /// What it answers, for another address.
    pub fn answers(&self) -> impl Fn(&Request) -> Answer + Send + Sync + use<> {
        let known = self.deals.clone();
        move |request| answer(request, &known.lock().unwrap())
    }

    pub fn url(&self) -> String {
        self.web.url()
    }

    /// Has it know a deal, as its watcher of the chain does.
    pub fn add(&self, deal: &Deal) {
        let beneficiary = deal.ask.beneficiary.to_string();
        self.add_as(&deal.id.to_string(), &beneficiary, deal.block);
    }

    pub fn knows(&self, id: &str) -> bool {
        let deals = self.deals.lock().unwrap();
        deals.iter().any(|deal| deal["dealid"] == id)
    }

    /// Has it say of a deal what may not be so.
    pub fn add_as(&self, id: &str, beneficiary: &str, block: u64) {
        self.deals.lock().unwrap().push(json!({
            "dealid": id,
            "chainId": CHAIN_ID,
            "beneficiary": beneficiary,
            "blockNumber": block,
        }));
    }
}

fn answer(request: &Request, deals: &[Value]) -> Answer {
    assert_eq!(request.path(), "/deals");
    let number = |name: &str, default: usize| {
        let text = request.parameter(name);
        text.map_or(default, |it| it.parse().unwrap())
    };
    let (index, size) = (number("pageIndex", 0), number("pageSize", 20));
    if !(10..=100).contains(&size) || request.parameter("chainId").is_none() {
        return Answer::new(400, r#"{"ok":false,"error":"bad query"}"#);
    }
    let is_wanted = |deal: &&Value| {
        let beneficiary = request.parameter("beneficiary");
        let chain: u64 = request.parameter("chainId").unwrap().parse().unwrap();
        deal["chainId"] == chain && beneficiary.is_none_or(|it| deal["beneficiary"] == it)
    };
    let mut found: Vec<Value> = deals.iter().filter(is_wanted).cloned().collect();
    found.sort_by_key(|deal| std::cmp::Reverse(deal["blockNumber"].as_u64()));
    let page: Vec<&Value> = found.iter().skip(index * size).take(size).collect();
    let mut json = json!({"ok": true, "count": found.len(), "deals": page});
    if page.len() == size {
        json["nextPage"] = (index + 1).into();
    }
    Answer::json(&json)
}
