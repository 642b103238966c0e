//! A small world for people who try things, and for the demo: a chain with iExec's contracts, an app, a workerpool whose
//! worker computes what is asked, and the services around them. `softhsm/chain.sh` starts it.
//!
//! ```text
//! world FOLDER      writes chain.json there, and what it does to stdout; goes on until it is ended
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use alloy_primitives::B256;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use iexec_hsm::chain::poco::{Deal as Seen, Hub};
use iexec_hsm::chain::rpc::Rpc;
use iexec_hsm::http::HttpOptions;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use support::chain::{Ask, CHAIN_ID, Chain, Deal, Market, on_ipfs};
use support::gateway::Gateway;
use support::sms::Sms;
use support::web::{Answer, Web};
use support::{Sealed, noise, plain_zip};

/// The name of the secret that results are encrypted for.
const KEY: &str = "iexec-result-encryption-public-key";

/// The time between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(100);

/// The services, and the worker's memory.
struct World {
    chain: Arc<Mutex<Chain>>,
    hub: Hub,
    market: Market,
    gateway: Gateway,
    sms: Sms,
    /// The block that is looked at next.
    block: u64,
    /// Deals that are not computed yet, by their blocks.
    open: BTreeMap<u64, Seen>,
}

fn main() {
    let folder: PathBuf = std::env::args_os().nth(1).expect("world FOLDER").into();
    let Some(chain) = Chain::start() else {
        std::process::exit(1);
    };
    let node = chain.node.url();
    let hub = chain.address("hub").to_string();
    let rpc = Rpc::new(&node, HttpOptions::default()).unwrap();
    let mut world = World {
        hub: Hub::new(rpc, hub.parse().unwrap(), Some(CHAIN_ID)),
        chain: Arc::new(Mutex::new(chain)),
        market: Market::start(),
        gateway: Gateway::start(),
        sms: Sms::start(),
        block: 0,
        open: BTreeMap::new(),
    };
    let asked = world.chain.clone();
    let desk = Web::start(move |request| {
        let number = |name: &str| request.parameter(name)?.parse().ok();
        let beneficiary = request.parameter("beneficiary").map(str::parse);
        let (Some(Ok(beneficiary)), Some(volume)) = (beneficiary, number("tasks")) else {
            return Answer::new(400, "no address, or no number of tasks");
        };
        let bytes: Option<u64> = number("bytes");
        let args = bytes.map_or(String::new(), |it| format!(r#","iexec_args":"{it}""#));
        let chain = asked.lock().unwrap();
        chain.goes_on_now();
        let deal = chain.deal(Ask {
            beneficiary,
            volume,
            params: format!(r#"{{"iexec_result_encryption":true{args}}}"#),
            ..Ask::default()
        });
        let tasks: Vec<String> = (0..volume)
            .map(|it| format!("{}\n", deal.task(it)))
            .collect();
        Answer::new(200, tasks.concat())
    });
    let entry = json!({
        "id": CHAIN_ID.to_string(),
        "host": node,
        "hub": hub,
        "sms": world.sms.url(),
        "ipfsGateway": world.gateway.url(),
        "iexecGateway": world.market.url(),
    });
    let file = json!({"default": "try", "chains": {"try": entry}});
    let text = serde_json::to_string_pretty(&file).unwrap();
    fs::write(folder.join("chain.json"), text + "\n").unwrap();
    fs::write(folder.join("sms"), world.sms.url()).unwrap();
    // The last one: who waits for it finds all of them.
    fs::write(folder.join(".desk"), desk.url()).unwrap();
    fs::rename(folder.join(".desk"), folder.join("desk")).unwrap();
    loop {
        world.look();
        thread::sleep(PAUSE);
    }
}

impl World {
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
    fn compute(&self, block: u64, seen: &Seen) -> bool {
        let text = text(&seen.params);
        // Of the one file in the deterministic path, as the enclave signs it.
        let digest = B256::from_slice(&Sha256::digest(&text));
        let mut archive = result(&text);
        if seen.asks_for_encryption() {
            let Some(public) = self.public_key(&seen.beneficiary.to_string()) else {
                return false;
            };
            archive = Sealed::current(&public, &archive).archive();
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
