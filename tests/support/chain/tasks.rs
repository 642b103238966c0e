use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{
    Eip712Domain, SolCall, SolEvent as _, SolStruct, SolValue as _, eip712_domain,
};
use serde_json::Value;

use super::contracts::*;
use super::ledger::Ledger;
use super::node::Node;
use super::who::ADMIN;
use super::{CHAIN_ID, Who};
use crate::support::Work;

/// The tag of `tee,tdx`.
const TEE: B256 = B256::with_last_byte(9);

/// What a request asks for.
pub struct Ask {
    pub tee: bool,
    pub trust: u64,
    /// The number of tasks.
    pub volume: u64,
    pub beneficiary: Address,
    pub callback: Address,
    pub params: String,
}

impl Default for Ask {
    fn default() -> Self {
        let params = r#"{"iexec_result_storage_provider":"ipfs","iexec_result_encryption":true}"#;
        Self {
            tee: true,
            trust: 1,
            volume: 1,
            beneficiary: Who::Requester.address(),
            callback: Address::ZERO,
            params: params.to_owned(),
        }
    }
}

/// A deal.
pub struct Deal {
    pub id: B256,
    /// The number of the block that it was made in.
    pub block: u64,
    pub(super) ask: Ask,
}

impl Deal {
    /// One that somebody else has made.
    pub fn found(id: B256, block: u64, tee: bool) -> Self {
        let ask = Ask {
            tee,
            ..Ask::default()
        };
        Self { id, block, ask }
    }

    /// The id of one of its tasks.
    pub fn task(&self, index: u64) -> B256 {
        keccak256((self.id, U256::from(index)).abi_encode_packed())
    }
}

/// A node with iExec's contracts, an app, a workerpool and its workers, and how they do their work. Each step is a block,
/// a second after the one before.
pub struct Chain {
    pub node: Node,
    addresses: Value,
    time: Cell<u64>,
    ledger: Ledger,
}

impl Chain {
    /// A fresh one, whose first step is ten minutes ago where [`Self::ago`] says nothing else; or nothing and a word to the
    /// reader.
    pub fn start() -> Option<Self> {
        let addresses = include_str!("../../chain/addresses.json");
        let addresses = serde_json::from_str(addresses).unwrap();
        let node = Node::start()?;
        let ledger = Ledger::open(&node, of(&addresses, "hub"), of(&addresses, "token"));
        Some(Self {
            node,
            addresses,
            time: Cell::new(0),
            ledger,
        })
    }

    /// Goes on so many seconds ago.
    pub fn ago(&self, seconds: u64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let time = now.as_secs() - seconds;
        assert!(time > self.time.get(), "no chain goes back");
        self.time.set(time);
    }

    /// Goes on now, or a second after the last step.
    pub fn goes_on_now(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.time.set(self.time.get().max(now.as_secs() - 1));
    }

    /// An address of `addresses.json`.
    pub fn address(&self, name: &str) -> Address {
        of(&self.addresses, name)
    }

    /// `chain.json` that names this chain and its node, in the form of both SDKs.
    pub fn write_chain_json(&self, work: &Work<'_>, more: &[(&str, &str)]) {
        let mut entry = serde_json::json!({
            "id": CHAIN_ID.to_string(),
            "host": self.node.url(),
            "hub": self.address("hub").to_string(),
        });
        for (key, value) in more {
            entry[*key] = (*value).into();
        }
        let file = serde_json::json!({"default": "test", "chains": {"test": entry}});
        work.write("chain.json", file.to_string());
    }

    /// Gives an address so many nRLC of the one who has made them.
    pub fn give(&self, to: &str, nrlc: u64) {
        let [admin, token] = [ADMIN, self.address("token")].map(|it| it.to_string());
        let call = transferCall {
            to: to.parse().unwrap(),
            value: U256::from(nrlc),
        };
        self.goes_on_now();
        let time = self.time.get() + 1;
        self.time.set(time);
        self.node.send(&admin, &token, &call.abi_encode(), time);
    }

    /// Asserts that all money is accounted for.
    #[track_caller]
    pub(super) fn account(&self) {
        self.ledger.close(&self.node);
    }

    fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "iExecODB",
            version: "5.0.0",
            chain_id: CHAIN_ID,
            verifying_contract: self.address("hub"),
        }
    }

    #[track_caller]
    pub(super) fn send(&self, from: Who, call: &impl SolCall) -> Value {
        self.send_to(self.address("hub"), from, call)
    }

    #[track_caller]
    pub(super) fn send_to(&self, to: Address, from: Who, call: &impl SolCall) -> Value {
        if self.time.get() == 0 {
            self.ago(600);
        }
        let time = self.time.get() + 1;
        self.time.set(time);
        let [from, to] = [from.address(), to].map(|it| it.to_string());
        self.node.send(&from, &to, &call.abi_encode(), time)
    }

    fn signed(&self, by: Who, order: &impl SolStruct) -> Bytes {
        by.sign(order.eip712_signing_hash(&self.domain())).into()
    }

    /// A deal that nobody has begun to work on.
    #[track_caller]
    pub fn deal(&self, ask: Ask) -> Deal {
        // No two orders are the same.
        let salt = B256::from(U256::from(self.time.get()));
        let tag = if ask.tee { TEE } else { B256::ZERO };
        let app = AppOrder {
            app: self.address("app"),
            appprice: U256::from(5),
            volume: U256::from(ask.volume),
            tag,
            salt,
            ..Default::default()
        };
        let workerpool = WorkerpoolOrder {
            workerpool: self.address("workerpool"),
            workerpoolprice: U256::from(1_000_000),
            volume: U256::from(ask.volume),
            tag,
            trust: U256::from(ask.trust),
            salt,
            ..Default::default()
        };
        let request = RequestOrder {
            app: app.app,
            appmaxprice: app.appprice,
            workerpoolmaxprice: workerpool.workerpoolprice,
            requester: Who::Requester.address(),
            volume: U256::from(ask.volume),
            tag,
            trust: U256::from(ask.trust),
            beneficiary: ask.beneficiary,
            callback: ask.callback,
            params: ask.params.clone(),
            salt,
            ..Default::default()
        };
        let call = matchOrdersCall {
            app: SignedAppOrder {
                sign: self.signed(Who::AppOwner, &app),
                app: app.app,
                appprice: app.appprice,
                volume: app.volume,
                tag,
                datasetrestrict: Address::ZERO,
                workerpoolrestrict: Address::ZERO,
                requesterrestrict: Address::ZERO,
                salt,
            },
            dataset: SignedDatasetOrder::default(),
            workerpool: SignedWorkerpoolOrder {
                sign: self.signed(Who::Scheduler, &workerpool),
                workerpool: workerpool.workerpool,
                workerpoolprice: workerpool.workerpoolprice,
                volume: workerpool.volume,
                tag,
                category: U256::ZERO,
                trust: workerpool.trust,
                apprestrict: Address::ZERO,
                datasetrestrict: Address::ZERO,
                requesterrestrict: Address::ZERO,
                salt,
            },
            request: SignedRequestOrder {
                sign: self.signed(Who::Requester, &request),
                app: request.app,
                appmaxprice: request.appmaxprice,
                dataset: Address::ZERO,
                datasetmaxprice: U256::ZERO,
                workerpool: Address::ZERO,
                workerpoolmaxprice: request.workerpoolmaxprice,
                requester: request.requester,
                volume: request.volume,
                tag,
                category: U256::ZERO,
                trust: request.trust,
                beneficiary: request.beneficiary,
                callback: request.callback,
                params: request.params,
                salt,
            },
        };
        let receipt = self.send(Who::Requester, &call);
        let mut logs = receipt["logs"].as_array().unwrap().iter();
        let topic = OrdersMatched::SIGNATURE_HASH.to_string();
        let log = logs.find(|log| log["topics"][0] == topic).unwrap();
        let id = log["data"].as_str().unwrap()[..66].parse().unwrap();
        let block = receipt["blockNumber"].as_str().unwrap();
        let block = u64::from_str_radix(block.trim_start_matches("0x"), 16).unwrap();
        Deal { id, block, ask }
    }

    /// Has the workerpool begin with a task.
    #[track_caller]
    pub fn begin(&self, deal: &Deal, index: u64) -> B256 {
        let idx = U256::from(index);
        let dealid = deal.id;
        self.send(Who::Scheduler, &initializeCall { dealid, idx });
        deal.task(index)
    }

    /// A deal of one task that the workerpool has begun with.
    #[track_caller]
    pub fn running(&self, ask: Ask) -> (Deal, B256) {
        let deal = self.deal(ask);
        let task = self.begin(&deal, 0);
        (deal, task)
    }

    /// A task that one worker has computed, with these results and this digest.
    #[track_caller]
    pub fn completed(&self, ask: Ask, results: &[u8], digest: B256) -> (Deal, B256) {
        let (deal, task) = self.running(ask);
        self.complete(&deal, task, results, digest);
        (deal, task)
    }

    /// Has one worker compute a task that was begun, as enclaves do.
    #[track_caller]
    pub fn complete(&self, deal: &Deal, task: B256, results: &[u8], digest: B256) {
        let worker = Who::Worker;
        let (hash, seal) = hash_and_seal(worker, task, digest);
        let (enclave, enclave_sign) = enclave(&deal.ask, hash, seal);
        let call = contributeAndFinalizeCall {
            taskid: task,
            resultDigest: digest,
            results: results.to_vec().into(),
            resultsCallback: Bytes::new(),
            enclaveChallenge: enclave,
            enclaveSign: enclave_sign,
            authorizationSign: authorization(worker, task, enclave),
        };
        self.send(worker, &call);
    }

    /// A task whose results went to a contract.
    #[track_caller]
    pub fn called_back(&self, mut ask: Ask, data: &[u8]) -> (Deal, B256) {
        ask.callback = self.address("app");
        let (deal, task) = self.running(ask);
        let (worker, digest) = (Who::Worker, keccak256(data));
        let (hash, seal) = hash_and_seal(worker, task, digest);
        let (enclave, enclave_sign) = enclave(&deal.ask, hash, seal);
        let call = contributeAndFinalizeCall {
            taskid: task,
            resultDigest: digest,
            results: br#"{ "storage": "ethereum", "location": "callback" }"#.into(),
            resultsCallback: data.to_vec().into(),
            enclaveChallenge: enclave,
            enclaveSign: enclave_sign,
            authorizationSign: authorization(worker, task, enclave),
        };
        self.send(worker, &call);
        (deal, task)
    }

    /// Has a worker say that it has a result, without telling it yet.
    #[track_caller]
    pub fn contribute(&self, deal: &Deal, task: B256, worker: Who, digest: B256) {
        let (hash, seal) = hash_and_seal(worker, task, digest);
        let (enclave, enclave_sign) = enclave(&deal.ask, hash, seal);
        let call = contributeCall {
            taskid: task,
            resultHash: hash,
            resultSeal: seal,
            enclaveChallenge: enclave,
            enclaveSign: enclave_sign,
            authorizationSign: authorization(worker, task, enclave),
        };
        self.send(worker, &call);
    }

    #[track_caller]
    pub fn reveal(&self, task: B256, worker: Who, digest: B256) {
        let call = revealCall {
            taskid: task,
            resultDigest: digest,
        };
        self.send(worker, &call);
    }

    /// Has the scheduler end a task that was revealed.
    #[track_caller]
    pub fn finalize(&self, task: B256, results: &[u8]) {
        let call = finalizeCall {
            taskid: task,
            results: results.to_vec().into(),
            resultsCallback: Bytes::new(),
        };
        self.send(Who::Scheduler, &call);
    }

    /// Has the requester take the money back from a task that timed out.
    #[track_caller]
    pub fn claim(&self, task: B256) {
        self.send(Who::Requester, &claimCall { taskid: task });
    }
}

/// No test with a chain can forget to account for its money.
impl Drop for Chain {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if !self.node.is_running() {
            self.node.start_again();
        }
        self.account();
    }
}

fn of(addresses: &Value, name: &str) -> Address {
    addresses[name].as_str().unwrap().parse().unwrap()
}

/// Where a result on IPFS is, as workers write it.
pub fn on_ipfs(cid: &str) -> Vec<u8> {
    format!(r#"{{ "storage": "ipfs", "location": "/ipfs/{cid}" }}"#).into()
}

fn hash_and_seal(worker: Who, task: B256, digest: B256) -> (B256, B256) {
    (
        keccak256((task, digest).abi_encode_packed()),
        keccak256((worker.address(), task, digest).abi_encode_packed()),
    )
}

/// The enclave's key and its signature; nothing where no enclave was asked for.
fn enclave(ask: &Ask, hash: B256, seal: B256) -> (Address, Bytes) {
    if !ask.tee {
        return (Address::ZERO, Bytes::new());
    }
    let message = keccak256((hash, seal).abi_encode_packed());
    let sign = Who::Enclave.sign_message(message).into();
    (Who::Enclave.address(), sign)
}

/// The scheduler's leave for a worker.
fn authorization(worker: Who, task: B256, enclave: Address) -> Bytes {
    let message = keccak256((worker.address(), task, enclave).abi_encode_packed());
    Who::Scheduler.sign_message(message).into()
}
