//! A small world for people who try things, and for the demo: a chain with iExec's contracts, an app, a workerpool whose
//! worker computes what is asked, and the services around them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use alloy_primitives::B256;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use iexec_hsm::chain::order::{AppOrder, Signed, WorkerpoolOrder};
use iexec_hsm::chain::poco::{Deal as Dealt, Hub, U256};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Ask, Books, CHAIN_ID, Chain, Deal, Is, Market, Seen, Who, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::sms::{Request, Sms};
use crate::support::web::{Answer, Web};
use crate::support::{Sealed, noise, plain_zip};

/// The name of the secret that results are encrypted for.
const KEY: &str = "iexec-result-encryption-public-key";

/// The time between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(100);

/// The bit of the tag that asks for Scone.
const SCONE: u8 = 2;

/// The services, and the worker's memory.
pub struct World {
    chain: Arc<Mutex<Chain>>,
    hub: Hub,
    market: Arc<Market>,
    gateway: Gateway,
    sms: Sms,
    /// The market as others see it: with its deals and orders.
    front: Web,
    desk: Option<Web>,
    app: String,
    workerpool: String,
    /// The block that is looked at next.
    block: u64,
    /// Deals that are not computed yet, by their blocks.
    open: BTreeMap<u64, Dealt>,
}

impl World {
    /// A fresh one; or nothing and a word to the reader.
    pub fn start() -> Option<Self> {
        let seen = Seen::start()?;
        let (market, books) = (Market::start(), Books::start(Is::Honest));
        let scone = seen.chain.create_app(r#"{"framework":"SCONE"}"#);
        seen.chain.goes_on_now();
        for (app, tag) in [
            (seen.address("app"), "tee,tdx"),
            (scone.into_array().into(), "tee,scone"),
        ] {
            let tag = tag.parse().unwrap();
            let app: Signed<AppOrder> = seen.sign(
                Who::AppOwner,
                AppOrder {
                    app,
                    tag,
                    ..seen.app()
                },
            );
            books.list(&app);
            let pool = WorkerpoolOrder {
                tag,
                price: U256::from(1_000_000),
                ..seen.workerpool()
            };
            books.list(&seen.sign(Who::Scheduler, pool));
        }
        let (deals, orders) = (market.answers(), books.answers());
        let front = Web::start(move |request| match request.path() {
            "/deals" => deals(request),
            _ => orders(request),
        });
        let workerpool = seen.chain.address("workerpool").to_string();
        Some(Self {
            chain: Arc::new(Mutex::new(seen.chain)),
            hub: seen.hub,
            market: Arc::new(market),
            gateway: Gateway::start(),
            sms: Sms::start(),
            front,
            desk: None,
            app: scone.to_string(),
            workerpool,
            block: 0,
            open: BTreeMap::new(),
        })
    }

    /// Opens a desk where one can ask for things, and writes into a folder what is to be known of this world. The address
    /// of the desk comes last.
    pub fn open(&mut self, folder: &Path) {
        let (asked, market) = (self.chain.clone(), self.market.clone());
        let desk = Web::start(move |request| serve(request, &asked, &market));
        let node = self.chain.lock().unwrap().node.url();
        let entry = json!({
            "id": CHAIN_ID.to_string(),
            "host": node,
            "hub": self.hub.address().to_string(),
            "sms": self.sms.url(),
            "ipfsGateway": self.gateway.url(),
            "iexecGateway": self.front.url(),
        });
        let file = json!({"default": "try", "chains": {"try": entry}});
        let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
        let trusted = format!("{} {node}", self.sms.url());
        for (name, text) in [
            ("chain.json", &text),
            ("trusted", &trusted),
            ("app", &self.app),
            ("workerpool", &self.workerpool),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        fs::write(folder.join(".desk"), desk.url()).unwrap();
        fs::rename(folder.join(".desk"), folder.join("desk")).unwrap();
        self.desk = Some(desk);
    }

    /// Goes on until `is_over`.
    pub fn live(&mut self, is_over: impl Fn() -> bool) {
        while !is_over() {
            self.look();
            thread::sleep(PAUSE);
        }
    }

    /// Finds what was asked for, and computes what can be.
    fn look(&mut self) {
        let last = self.hub.newest_block().unwrap();
        if last >= self.block {
            for made in self.hub.deals_made(self.block, last, &mut |_| {}).unwrap() {
                let seen = self.hub.deal(made.id).unwrap().unwrap();
                let beneficiary = seen.beneficiary.to_string();
                let id = seen.id.to_string();
                println!("deal {id} for {beneficiary}");
                self.market.add_as(&id, &beneficiary, made.block);
                self.open.insert(made.block, seen);
            }
            self.block = last + 1;
        }
        for (block, seen) in std::mem::take(&mut self.open) {
            if !self.compute(block, &seen) {
                self.open.insert(block, seen);
            }
        }
    }

    /// Computes the tasks of a deal, as soon as there is a key to encrypt their results for.
    fn compute(&self, block: u64, seen: &Dealt) -> bool {
        let text = text(&seen.params);
        // Of the one file in the deterministic path, as the enclave signs it.
        let digest = B256::from_slice(&Sha256::digest(&text));
        let mut archive = result(&text);
        if seen.asks_for_encryption() {
            let Some(public) = self.public_key(&seen.beneficiary.to_string()) else {
                return false;
            };
            archive = match seen.tag.as_bytes()[31] & SCONE {
                0 => Sealed::current(&public, &archive),
                // With the names that the guide shows.
                _ => Sealed::guide_today(&public, &archive),
            }
            .archive();
        }
        let location = self.gateway.add(&archive);
        let results = on_ipfs(location.trim_start_matches("/ipfs/"));
        let id: B256 = seen.id.to_string().parse().unwrap();
        let is_tee = seen.tag.as_bytes()[31] & 1 == 1;
        let deal = Deal::found(id, block, is_tee);
        let chain = self.chain.lock().unwrap();
        let first: u64 = seen.first_task.to();
        for index in first..first + seen.tasks.to::<u64>() {
            chain.goes_on_now();
            let task = chain.begin(&deal, index);
            chain.complete(&deal, task, &results, digest);
            println!("task {task} is completed");
        }
        true
    }

    /// The key that was published for an address: base64 of a PEM.
    fn public_key(&self, owner: &str) -> Option<String> {
        let value = self.sms.stored(owner, KEY)?;
        String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()
    }
}

/// The desk may have the chain a little longer, and a test has to be told where it is.
impl Drop for World {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.chain.lock().unwrap().account();
        }
    }
}

/// What is asked for at the desk: tasks, or money.
fn serve(request: &Request, chain: &Mutex<Chain>, market: &Market) -> Answer {
    let number = |name: &str| request.parameter(name)?.parse().ok();
    if request.path() == "/give" {
        let Some(to) = request.parameter("to") else {
            return Answer::new(400, "no address");
        };
        let chain = chain.lock().unwrap();
        chain
            .node
            .rpc("anvil_setBalance", json!([to, "0xde0b6b3a7640000"]));
        chain.give(to, 5_000_000_000);
        return Answer::new(200, "");
    }
    let beneficiary = request.parameter("beneficiary").map(str::parse);
    let (Some(Ok(beneficiary)), Some(volume)) = (beneficiary, number("tasks")) else {
        return Answer::new(400, "no address, or no number of tasks");
    };
    let bytes: Option<u64> = number("bytes");
    let args = bytes.map_or(String::new(), |it| format!(r#","iexec_args":"{it}""#));
    let deal = {
        let chain = chain.lock().unwrap();
        chain.goes_on_now();
        chain.deal(Ask {
            beneficiary,
            volume,
            params: format!(r#"{{"iexec_result_encryption":true{args}}}"#),
            ..Ask::default()
        })
    };
    // Who is told of a task may look for it at once.
    while !market.knows(&deal.id.to_string()) {
        thread::sleep(PAUSE);
    }
    let tasks: Vec<String> = (0..volume)
        .map(|it| format!("{}\n", deal.task(it)))
        .collect();
    Answer::new(200, tasks.concat())
}

/// What the app puts out: as many bytes as its argument says, else a greeting.
fn text(params: &str) -> Vec<u8> {
    let params: serde_json::Value = serde_json::from_str(params).unwrap_or_default();
    let bytes = params["iexec_args"].as_str().and_then(|it| it.parse().ok());
    bytes.map_or(b"Hello, world!".to_vec(), noise)
}

/// The result zip with it.
fn result(text: &[u8]) -> Vec<u8> {
    let computed = br#"{"deterministic-output-path":"/iexec_out/result.txt"}"#;
    plain_zip(&[("result.txt", text), ("computed.json", computed)])
}
