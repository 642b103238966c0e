//! What the chain says of a task, as far as its result can be checked by that.

use crate::chain::poco::{Contribution, ContributionStatus, Hub, Search, Task, TaskResults};
use crate::chain::rpc::RpcError;
use crate::ipfs::{CidCheck, Location};
use crate::verify::{
    CallEvidence, CidEvidence, CidOutcome, ContributionEvidence, DealEvidence, HexBytes, Seen,
    SeenCall, TaskEvidence,
};

/// All that the chain says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainEvidence {
    /// The task.
    pub task: TaskEvidence,
    /// Its deal.
    pub deal: Option<DealEvidence>,
    /// What its workers have contributed.
    pub contributions: Vec<ContributionEvidence>,
    /// Where it is from.
    pub seen: Seen,
}

/// Asks the node for all that the result of `task` can be held against.
///
/// # Errors
/// When the node cannot be asked. What it does not know is unknown in the evidence.
pub fn chain_evidence(hub: &Hub, task: &Task) -> Result<ChainEvidence, RpcError> {
    let mut evidence = ChainEvidence::of(task);
    evidence.ask(hub, task)?;
    Ok(evidence)
}

/// The same, as far as the node can be asked; with the failure that ended it.
pub fn chain_evidence_in_part(hub: &Hub, task: &Task) -> (ChainEvidence, Option<RpcError>) {
    let mut evidence = ChainEvidence::of(task);
    let failed = evidence.ask(hub, task).err();
    (evidence, failed)
}

impl ChainEvidence {
    /// What the task itself says.
    fn of(task: &Task) -> Self {
        Self {
            task: task.into(),
            deal: None,
            contributions: Vec::new(),
            seen: Seen {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..Seen::default()
            },
        }
    }

    fn ask(&mut self, hub: &Hub, task: &Task) -> Result<(), RpcError> {
        self.seen.hub = Some(hub.address());
        self.seen.node = hub.rpc().origin();
        self.seen.chain_id = Some(hub.chain_id()?);
        if let Some(deal) = hub.deal(task.deal)? {
            let broker = hub.tee_broker()?;
            let mut contracts = Vec::new();
            for address in [Some(deal.workerpool.owner), broker].into_iter().flatten() {
                if hub.is_contract(address)? {
                    contracts.push(address);
                }
            }
            self.deal = Some(DealEvidence::of(&deal, broker, contracts));
            self.seen.tag = Some(deal.tag);
            self.seen.params = Some(deal.params);
        }
        self.contributions = contributions(hub, task, &mut self.seen)?;
        Ok(())
    }
}

/// Holds a download, of which it is known whether it is that of the CID, against what the task names.
pub fn cid_evidence(task: &TaskEvidence, check: CidCheck) -> CidEvidence {
    let outcome = match check {
        CidCheck::Verified => CidOutcome::Same,
        CidCheck::AddedInAnotherWay => CidOutcome::Unknown {
            why: "no gateway proves the bytes, and they have another CID when they are added as most files are".to_owned(),
        },
        CidCheck::InFolder => CidOutcome::Unknown {
            why: "no gateway proves the bytes, and the CID is that of the folder they are in".to_owned(),
        },
    };
    CidEvidence {
        cid: named_cid(task),
        outcome,
    }
}

/// The CID that a task names, in the worker's spelling, with the names behind it.
pub fn named_cid(task: &TaskEvidence) -> Option<String> {
    let results = TaskResults::of(&task.results.0);
    let location = results.ipfs_location()?;
    location.parse::<Location>().ok()?;
    location.strip_prefix("/ipfs/").map(str::to_owned)
}

fn contributions(
    hub: &Hub,
    task: &Task,
    seen: &mut Seen,
) -> Result<Vec<ContributionEvidence>, RpcError> {
    let viewed: Vec<Contribution> = task
        .contributors
        .iter()
        .map(|worker| hub.contribution(task.id, *worker))
        .collect::<Result<_, _>>()?;
    let proved = viewed
        .iter()
        .filter(|it| it.status == ContributionStatus::Proved);
    let workers: Vec<_> = proved.map(|it| it.worker).collect();
    let mut sent = match workers.is_empty() {
        true => Default::default(),
        false => hub.contributions_sent(task, &workers)?,
    };
    let evidence = |it: &Contribution| {
        let call = match sent.remove(&it.worker) {
            Some(search) => call_evidence(search, seen),
            None => CallEvidence::NotFound {
                why: "the contribution does not count".to_owned(),
            },
        };
        ContributionEvidence::of(it, call)
    };
    Ok(viewed.iter().map(evidence).collect())
}

fn call_evidence(search: Search, seen: &mut Seen) -> CallEvidence {
    match search {
        Ok(sent) => {
            seen.calls.push(SeenCall {
                transaction: sent.transaction,
                block: sent.block,
                block_hash: sent.block_hash,
            });
            CallEvidence::Found {
                sender: sent.sender,
                input: HexBytes(sent.input),
            }
        }
        Err(why) => CallEvidence::NotFound {
            why: why.to_string(),
        },
    }
}
