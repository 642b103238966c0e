//! A result that all is right with, made with the keys of the worked example.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall as _, sol};
use k256::ecdsa::SigningKey;
use sha2::{Digest as _, Sha256};

use crate::chain::poco::{ContributionStatus, Id};
use crate::verify::*;
use crate::wallet::address::Address;
use crate::wallet::eip191::eip191_digest;

sol! {
    function contributeAndFinalize(
        bytes32 taskid,
        bytes32 resultDigest,
        bytes results,
        bytes resultsCallback,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
    function contribute(
        bytes32 taskid,
        bytes32 resultHash,
        bytes32 resultSeal,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
}

pub(super) const CID: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

/// A key of 32 bytes `byte`, which signs.
pub(super) struct Key(SigningKey);

impl Key {
    pub(super) fn of(byte: u8) -> Self {
        Self(SigningKey::from_slice(&[byte; 32]).unwrap())
    }

    pub(super) fn address(&self) -> Address {
        let digest = [7; 32];
        crate::wallet::signed_by(&self.sign_digest(&digest), &digest).unwrap()
    }

    pub(super) fn sign(&self, message: Id) -> Vec<u8> {
        self.sign_digest(&eip191_digest(message.as_bytes()))
    }

    fn sign_digest(&self, digest: &[u8; 32]) -> Vec<u8> {
        let (numbers, id) = self.0.sign_prehash_recoverable(digest);
        let mut bytes = numbers.to_bytes().to_vec();
        bytes.push(27 + id.to_byte());
        bytes
    }
}

pub(super) fn enclave() -> Key {
    Key::of(0x22)
}

pub(super) fn owner() -> Key {
    Key::of(0x33)
}

pub(super) fn worker() -> Address {
    let worker = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    worker.parse().unwrap()
}

pub(super) fn sha256(content: &[u8]) -> Id {
    let hash: [u8; 32] = Sha256::digest(content).into();
    hash.into()
}

pub(super) fn file(name: &str, content: &str) -> HashedFile {
    HashedFile {
        name: name.to_owned(),
        sha256: sha256(content.as_bytes()),
    }
}

/// How a contribution was sent.
#[derive(Clone, Copy)]
pub(super) enum Way {
    AtOnce,
    InSteps,
}

/// The call by which `evidence` came, with the signatures of these keys.
pub(super) fn call(evidence: &Evidence, way: Way, enclave: &Key, owner: &Key) -> CallEvidence {
    let task = &evidence.task;
    let it = &evidence.contributions[0];
    let (hash, seal) = (
        task.id.result_hash(task.digest),
        task.id.result_seal(worker(), task.digest),
    );
    let enclave_sign = enclave.sign(hash.enclave_message(seal)).into();
    let authorisation = owner
        .sign(task.id.authorisation(worker(), it.enclave))
        .into();
    let challenge = (*it.enclave.as_bytes()).into();
    let input = match way {
        Way::AtOnce => contributeAndFinalizeCall {
            taskid: task.id.into(),
            resultDigest: task.digest.into(),
            results: task.results.0.clone().into(),
            resultsCallback: task.callback_data.0.clone().into(),
            enclaveChallenge: challenge,
            enclaveSign: enclave_sign,
            authorizationSign: authorisation,
        }
        .abi_encode(),
        Way::InSteps => contributeCall {
            taskid: task.id.into(),
            resultHash: hash.into(),
            resultSeal: seal.into(),
            enclaveChallenge: challenge,
            enclaveSign: enclave_sign,
            authorizationSign: authorisation,
        }
        .abi_encode(),
    };
    CallEvidence::Found {
        sender: worker(),
        input: HexBytes(input),
    }
}

/// All is right with it.
pub(super) fn good(way: Way) -> Evidence {
    let deal = Id::from([0xdd; 32]);
    let id = deal.task(U256::ZERO);
    let digest = sha256(b"Hello, world!");
    let results = format!(r#"{{ "storage": "ipfs", "location": "/ipfs/{CID}" }}"#);
    let mut evidence = Evidence {
        task: TaskEvidence {
            id,
            deal,
            index: "0".to_owned(),
            completed: true,
            consensus: id.result_hash(digest),
            digest,
            contributors: vec![worker()],
            results: HexBytes(results.into()),
            callback_data: HexBytes::default(),
        },
        deal: Some(DealEvidence {
            beneficiary: worker(),
            workerpool_owner: owner().address(),
            tee_broker: None,
            contracts: vec![],
            asks_for_enclave: true,
            asks_for_encryption: true,
            has_callback: false,
        }),
        contributions: vec![ContributionEvidence {
            worker: worker(),
            status: ContributionStatus::Proved,
            hash: id.result_hash(digest),
            seal: id.result_seal(worker(), digest),
            enclave: enclave().address(),
            call: CallEvidence::NotFound { why: String::new() },
        }],
        form: Form::Sealed,
        cid: CidEvidence {
            cid: Some(CID.to_owned()),
            outcome: CidOutcome::Same,
        },
        plaintext: PlaintextEvidence::Read(Plaintext {
            is_folder: false,
            files: vec![file("result.txt", "Hello, world!")],
            below: 0,
            others: 1,
        }),
        beneficiary: Some(worker()),
    };
    evidence.contributions[0].call = call(&evidence, way, &enclave(), &owner());
    evidence
}
