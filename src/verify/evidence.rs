//! All that checks are made of, which can be written down and checked again by anybody.

use serde::{Deserialize, Serialize};

use super::hex_bytes::HexBytes;
use super::plaintext::Plaintext;
use crate::chain::poco::{Contribution, ContributionStatus, Deal, Id, Task, TaskStatus};
use crate::wallet::address::Address;

/// What is known of a result, its task and its deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// The task, as the chain has it.
    pub task: TaskEvidence,
    /// Its deal; none where the chain knows none.
    pub deal: Option<DealEvidence>,
    /// What its workers have contributed.
    pub contributions: Vec<ContributionEvidence>,
    /// The form of the archive.
    pub form: Form,
    /// Whether the archive is the one that the task names.
    pub cid: CidEvidence,
    /// The files in it.
    pub plaintext: PlaintextEvidence,
    /// Whom the result should be for; none where nobody has said it.
    pub beneficiary: Option<Address>,
}

/// A task, as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskEvidence {
    /// The id.
    pub id: Id,
    /// The deal that it is of.
    pub deal: Id,
    /// Its number within the order, in decimal digits.
    pub index: String,
    /// Whether it is completed.
    pub completed: bool,
    /// The hash that the workers agree on.
    pub consensus: Id,
    /// The digest of the result.
    pub digest: Id,
    /// Workers that have contributed.
    pub contributors: Vec<Address>,
    /// Where the result is, in the worker's words.
    pub results: HexBytes,
    /// What a contract was called back with.
    pub callback_data: HexBytes,
}

/// What of a deal the checks are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DealEvidence {
    /// Whom the results are for.
    pub beneficiary: Address,
    /// Who owned the workerpool when the deal was made.
    pub workerpool_owner: Address,
    /// Who authorises workers with enclaves in the place of the owners of workerpools.
    pub tee_broker: Option<Address>,
    /// Which of these two is a contract, so that its signatures need no key of its own.
    pub contracts: Vec<Address>,
    /// Whether an enclave is asked for.
    pub asks_for_enclave: bool,
    /// Whether the results are to be sealed for the beneficiary.
    pub asks_for_encryption: bool,
    /// Whether the results go to a contract.
    pub has_callback: bool,
}

/// What a worker has contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContributionEvidence {
    /// Who contributed.
    pub worker: Address,
    /// What became of it.
    pub status: ContributionStatus,
    /// The hash of task and digest.
    pub hash: Id,
    /// The hash of worker, task and digest.
    pub seal: Id,
    /// The address that the enclave signs with; the zero address where there was no enclave.
    pub enclave: Address,
    /// The call by which it came to the hub.
    pub call: CallEvidence,
}

/// The call by which a contribution came to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum CallEvidence {
    /// It was found.
    Found {
        /// Who sent it.
        sender: Address,
        /// Its data.
        input: HexBytes,
    },
    /// It was not.
    NotFound {
        /// Why, in a sentence without its full stop.
        why: String,
    },
}

/// The form of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Form {
    /// Sealed for a key.
    Sealed,
    /// Open to everybody, as it was downloaded.
    Plain,
    /// Open now; whether it was sealed cannot be seen.
    Opened,
}

/// Whether an archive is the one that a task names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CidEvidence {
    /// The CID that it was held against.
    pub cid: Option<String>,
    /// How that went.
    pub outcome: CidOutcome,
}

/// How holding an archive against a CID went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum CidOutcome {
    /// It is the one.
    Same,
    /// It is another one.
    Different,
    /// It cannot be told.
    Unknown {
        /// Why, in a sentence without its full stop.
        why: String,
    },
}

/// The files of a result, as far as they were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum PlaintextEvidence {
    /// They were.
    Read(Plaintext),
    /// No digest can be taken of them.
    Unknown {
        /// Why, in a sentence without its full stop.
        why: String,
    },
}

/// Where the evidence is from. No check is made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// The version of this program.
    pub version: String,
    /// The number of the chain.
    pub chain_id: Option<u64>,
    /// The hub.
    pub hub: Option<Address>,
    /// Scheme, host and port of the node that was believed.
    pub node: String,
    /// The transactions of the contributions.
    pub calls: Vec<SeenCall>,
    /// The tag of the deal.
    pub tag: Option<Id>,
    /// What the app was told.
    pub params: Option<String>,
    /// Seconds since 1970 when it was looked at.
    pub time: u64,
}

/// The place of a call on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenCall {
    /// The transaction.
    pub transaction: Id,
    /// The block.
    pub block: u64,
    /// The block's hash.
    pub block_hash: Id,
}

impl From<&Task> for TaskEvidence {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id,
            deal: task.deal,
            index: task.index.to_string(),
            completed: task.status == TaskStatus::Completed,
            consensus: task.consensus,
            digest: task.digest,
            contributors: task.contributors.clone(),
            results: HexBytes(task.results.clone()),
            callback_data: HexBytes(task.callback_data.clone()),
        }
    }
}

impl DealEvidence {
    /// Of a deal, and who authorises workers with enclaves.
    pub fn of(deal: &Deal, tee_broker: Option<Address>, contracts: Vec<Address>) -> Self {
        Self {
            beneficiary: deal.beneficiary,
            workerpool_owner: deal.workerpool.owner,
            tee_broker,
            contracts,
            asks_for_enclave: deal.asks_for_enclave(),
            asks_for_encryption: deal.asks_for_encryption(),
            has_callback: deal.callback != Address::from([0; 20]),
        }
    }
}

impl ContributionEvidence {
    /// Of a contribution, and the call by which it came.
    pub fn of(contribution: &Contribution, call: CallEvidence) -> Self {
        Self {
            worker: contribution.worker,
            status: contribution.status,
            hash: contribution.hash,
            seal: contribution.seal,
            enclave: contribution.enclave,
            call,
        }
    }

    /// Whether it counts.
    pub(super) fn is_proved(&self) -> bool {
        self.status == ContributionStatus::Proved
    }

    /// Whether an enclave has contributed.
    pub(super) fn has_enclave(&self) -> bool {
        self.enclave != Address::from([0; 20])
    }
}
