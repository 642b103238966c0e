//! What the chain says of tasks, as far as their results can be checked by that.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::chain::poco::{
    Contribution, ContributionStatus, Deal, Hub, Id, Search, Task, TaskResults,
};
use crate::chain::rpc::RpcError;
use crate::ipfs::{CidCheck, Location};
use crate::verify::{
    CallEvidence, CidEvidence, CidOutcome, ContributionEvidence, DealEvidence, HexBytes, Seen,
    SeenCall, TaskEvidence,
};
use crate::wallet::address::Address;

/// All that the chain says of a task.
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
    match chain_evidence_in_part(hub, task) {
        (evidence, None) => Ok(evidence),
        (_, Some(error)) => Err(error),
    }
}

/// The same, as far as the node can be asked; with the failure that ended it.
pub fn chain_evidence_in_part(hub: &Hub, task: &Task) -> (ChainEvidence, Option<RpcError>) {
    let mut evidence = [ChainEvidence::of(task)];
    let failed = ask(hub, &[task], &mut evidence).err();
    let [evidence] = evidence;
    (evidence, failed)
}

/// The same for several tasks, in their order. What is alike is asked for once, and the rest in few requests.
///
/// # Errors
/// As of [`chain_evidence`], for any of them.
pub fn chain_evidence_of_each(hub: &Hub, tasks: &[&Task]) -> Result<Vec<ChainEvidence>, RpcError> {
    let mut evidence: Vec<_> = tasks.iter().map(|it| ChainEvidence::of(it)).collect();
    ask(hub, tasks, &mut evidence)?;
    Ok(evidence)
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
}

/// Fills up what is known of `tasks`, each in its place.
fn ask(hub: &Hub, tasks: &[&Task], evidence: &mut [ChainEvidence]) -> Result<(), RpcError> {
    for it in evidence.iter_mut() {
        it.seen.hub = Some(hub.address());
        it.seen.node = hub.rpc().origin();
    }
    let chain_id = hub.chain_id()?;
    for it in evidence.iter_mut() {
        it.seen.chain_id = Some(chain_id);
    }
    let deals = deals(hub, tasks)?;
    for (it, task) in evidence.iter_mut().zip(tasks) {
        let Some((deal, said)) = deals.get(&task.deal) else {
            continue;
        };
        it.deal = Some(said.clone());
        it.seen.tag = Some(deal.tag);
        it.seen.params = Some(deal.params.clone());
    }
    contributions(hub, tasks, evidence)
}

fn deals(hub: &Hub, tasks: &[&Task]) -> Result<BTreeMap<Id, (Deal, DealEvidence)>, RpcError> {
    let ids: BTreeSet<Id> = tasks.iter().map(|it| it.deal).collect();
    let found = hub.deals(&Vec::from_iter(ids))?;
    let found: Vec<Deal> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return Ok(BTreeMap::new());
    }
    let broker = hub.tee_broker()?;
    let owners = found.iter().map(|deal| deal.workerpool.owner);
    let mut is_contract = BTreeMap::new();
    for address in owners.chain(broker) {
        if let Entry::Vacant(unknown) = is_contract.entry(address) {
            unknown.insert(hub.is_contract(address)?);
        }
    }
    let evidence = |deal: Deal| {
        let those: [Option<Address>; 2] = [Some(deal.workerpool.owner), broker];
        let contracts = those.into_iter().flatten().filter(|it| is_contract[it]);
        let said = DealEvidence::of(&deal, broker, contracts.collect());
        (deal.id, (deal, said))
    };
    Ok(found.into_iter().map(evidence).collect())
}

fn contributions(
    hub: &Hub,
    tasks: &[&Task],
    evidence: &mut [ChainEvidence],
) -> Result<(), RpcError> {
    let of_task = |task: &&Task| {
        let id = task.id;
        let workers = task.contributors.clone().into_iter();
        workers.map(move |worker| (id, worker))
    };
    let asked: Vec<(Id, Address)> = tasks.iter().flat_map(of_task).collect();
    let mut viewed = hub.contributions(&asked)?.into_iter();
    let viewed: Vec<Vec<Contribution>> = tasks
        .iter()
        .map(|task| viewed.by_ref().take(task.contributors.len()).collect())
        .collect();
    let counting = viewed.iter().map(|of_task| {
        let proved = of_task
            .iter()
            .filter(|it| it.status == ContributionStatus::Proved);
        proved.map(|it| it.worker).collect()
    });
    let counting: Vec<Vec<Address>> = counting.collect();
    let wanted = tasks.iter().zip(&counting);
    let wanted: Vec<(&Task, &[Address])> = wanted
        .filter(|(_, workers)| !workers.is_empty())
        .map(|(task, workers)| (*task, workers.as_slice()))
        .collect();
    let mut sent = hub.contributions_sent(&wanted)?.into_iter();
    for ((it, viewed), workers) in evidence.iter_mut().zip(viewed).zip(&counting) {
        let mut sent = match workers.is_empty() {
            true => BTreeMap::new(),
            false => sent.next().unwrap_or_default(),
        };
        let seen = &mut it.seen;
        let said = viewed.iter().map(|contribution| {
            let call = match sent.remove(&contribution.worker) {
                Some(search) => call_evidence(search, seen),
                None => CallEvidence::NotFound {
                    why: "the contribution does not count".to_owned(),
                },
            };
            ContributionEvidence::of(contribution, call)
        });
        it.contributions = said.collect();
    }
    Ok(())
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
