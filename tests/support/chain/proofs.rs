//! Results that the chain can prove something of: where all is right, and where one thing is wrong or cannot be told.

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolValue as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Ask, Chain, Deal, Who, on_ipfs};
use crate::support::gateway::{Adding, Gateway};
use crate::support::web::{Answer, Web};
use crate::support::{ADDRESS, Keyed, Run, plain_zip};

/// What names the file that the digest of [`result`] is taken of.
pub const COMPUTED: &[u8] = br#"{"deterministic-output-path":"/iexec_out/result.txt"}"#;

/// What the digest of each task here is taken of.
pub const RIGHT: &[u8] = b"Hello, world!";
pub const FORGED: &[u8] = b"Hello, thief!";

/// A result with this text in it.
pub fn result(text: &[u8]) -> Vec<u8> {
    plain_zip(&[("computed.json", COMPUTED), ("result.txt", text)])
}

pub fn digest(text: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(text))
}

/// A deal for whoever opens its results here.
pub fn ours() -> Ask {
    Ask {
        beneficiary: ADDRESS.parse().unwrap(),
        ..Ask::default()
    }
}

/// A deal that asks for no encryption.
pub fn open() -> Ask {
    Ask {
        params: "{}".to_owned(),
        ..ours()
    }
}

/// A task whose result is `archive`, which is in IPFS, with the digest of [`RIGHT`].
pub fn task_of(chain: &Chain, gateway: &Gateway, ask: Ask, archive: &[u8]) -> (Deal, B256) {
    task_added(chain, gateway, ask, archive, Adding::V0)
}

pub fn task_added(
    chain: &Chain,
    gateway: &Gateway,
    ask: Ask,
    archive: &[u8],
    adding: Adding,
) -> (Deal, B256) {
    let location = gateway.add_as(archive, adding);
    let results = on_ipfs(location.trim_start_matches("/ipfs/"));
    chain.completed(ask, &results, digest(RIGHT))
}

/// The status of each check in what `--raw` printed.
#[track_caller]
pub fn statuses(line: &Value) -> Vec<(String, String)> {
    let checks = line["verification"]["checks"].as_array();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let checks = checks.unwrap_or_else(|| panic!("{line}")).iter();
    checks
        .map(|check| (text(check, "id"), text(check, "status")))
        .collect()
}

/// The checks of a line that are not verified.
#[track_caller]
pub fn open_checks(line: &Value) -> Vec<String> {
    let statuses = statuses(line).into_iter();
    statuses
        .filter(|(_, status)| status != "verified")
        .map(|(id, status)| format!("{id} {status}"))
        .collect()
}

/// The checks that are not verified, in what a run of one result printed.
#[track_caller]
pub fn not_verified(run: &Run) -> Vec<String> {
    let text = match run.out().is_empty() {
        true => run.err(),
        false => run.out(),
    };
    open_checks(&serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    alloy_primitives::hex::encode(bytes)
}

pub fn seal(task: B256, worker: Who) -> B256 {
    keccak256((worker.address(), task, digest(RIGHT)).abi_encode_packed())
}

fn result_hash(task: B256) -> B256 {
    keccak256((task, digest(RIGHT)).abi_encode_packed())
}

fn enclave_message(task: B256) -> B256 {
    keccak256((result_hash(task), seal(task, Who::Worker)).abi_encode_packed())
}

fn authorisation_message(task: B256) -> B256 {
    let packed = (Who::Worker.address(), task, Who::Enclave.address());
    keccak256(packed.abi_encode_packed())
}

/// A node in front of the chain's that says something else for what it is.
pub fn lying(chain: &Chain, lies: Vec<(String, String)>) -> Web {
    let there = chain.node.url();
    Web::start(move |request| {
        let answer = Web::handed_on(&there, request);
        let mut text = String::from_utf8(answer.body).unwrap();
        for (truth, lie) in &lies {
            text = text.replace(truth, lie);
        }
        Answer::new(200, text)
    })
}

/// A node in front of the chain's whose answers `lie` changes, given what was asked.
pub fn changing(
    chain: &Chain,
    lie: impl Fn(&Value, Value) -> Value + Send + Sync + 'static,
) -> Web {
    let there = chain.node.url();
    Web::start(move |request| {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let answer = Web::handed_on(&there, request);
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        answer["result"] = lie(&asked, answer["result"].take());
        Answer::json(&answer)
    })
}

/// A node that does not search for events any more.
pub fn without_events(chain: &Chain) -> Web {
    changing(chain, |asked, answer| {
        match asked["method"] == "eth_getLogs" {
            true => json!([]),
            false => answer,
        }
    })
}

/// A task with an archive that is in IPFS, and what is not verified of it.
pub struct Doubtful {
    pub archive: Vec<u8>,
    pub deal: Deal,
    pub task: B256,
    /// What a node has to say for it in the place of what the chain has.
    pub lies: Vec<(String, String)>,
    pub told: &'static [&'static str],
}

impl Doubtful {
    /// The node that says so, where it is not the chain's.
    pub fn node(&self, chain: &Chain) -> Option<Web> {
        (!self.lies.is_empty()).then(|| lying(chain, self.lies.clone()))
    }
}

/// A task for each check that goes wrong with a sealed archive for `keyed`, in just that way.
pub fn every_mismatch(chain: &Chain, gateway: &Gateway, keyed: &Keyed) -> Vec<Doubtful> {
    let right = keyed.archive(&result(RIGHT));
    let mut all = Vec::new();
    let mut add = |ask: Ask, archive: &[u8], told, lies: &dyn Fn(B256) -> Vec<(String, String)>| {
        let (deal, task) = task_of(chain, gateway, ask, archive);
        all.push(Doubtful {
            archive: archive.to_vec(),
            deal,
            task,
            lies: lies(task),
            told,
        });
    };
    let honest = |_| Vec::new();

    // Another file, in an archive that anybody can seal.
    let forged = keyed.archive(&result(FORGED));
    add(ours(), &forged, &["digest mismatch"], &honest);

    // The contracts refuse these: a node has to lie for it.
    add(ours(), &right, &["seal mismatch"], &|task| {
        let [truth, lie] = [Who::Worker, Who::SecondWorker].map(|it| hex(seal(task, it)));
        vec![(truth, lie)]
    });
    let stranger = |message: B256, truly: Who| {
        let lie = hex(Who::Stranger.sign_message(message));
        vec![(hex(truly.sign_message(message)), lie)]
    };
    add(ours(), &right, &["enclaveSignature mismatch"], &|task| {
        stranger(enclave_message(task), Who::Enclave)
    });
    add(ours(), &right, &["authorisation mismatch"], &|task| {
        stranger(authorisation_message(task), Who::Scheduler)
    });
    add(ours(), &right, &["consensus mismatch"], &|task| {
        vec![(hex(result_hash(task)), hex(keccak256("another")))]
    });

    // A deal for somebody else.
    let others = Ask {
        beneficiary: Who::Stranger.address(),
        ..Ask::default()
    };
    add(others, &right, &["beneficiary mismatch"], &honest);

    // Sealed where nobody has asked for it.
    add(open(), &right, &["encryption mismatch"], &honest);
    all
}
