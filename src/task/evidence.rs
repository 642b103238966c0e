//! What the chain says of a task, as far as its result can be checked by that.

use crate::chain::poco::{Contribution, ContributionStatus, Hub, Search, Task};
use crate::chain::rpc::RpcError;
use crate::verify::{
    CallEvidence, ContributionEvidence, DealEvidence, HexBytes, Seen, SeenCall, TaskEvidence,
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
    let deal = hub.deal(task.deal)?;
    let deal_evidence = match &deal {
        None => None,
        Some(deal) => {
            let broker = hub.tee_broker()?;
            let mut contracts = Vec::new();
            for address in [Some(deal.workerpool.owner), broker].into_iter().flatten() {
                if hub.is_contract(address)? {
                    contracts.push(address);
                }
            }
            Some(DealEvidence::of(deal, broker, contracts))
        }
    };
    let mut seen = Seen {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        chain_id: Some(hub.chain_id()?),
        hub: Some(hub.address()),
        node: hub.rpc().origin(),
        tag: deal.as_ref().map(|deal| deal.tag),
        params: deal.map(|deal| deal.params),
        ..Seen::default()
    };
    let contributions = contributions(hub, task, &mut seen)?;
    Ok(ChainEvidence {
        task: task.into(),
        deal: deal_evidence,
        contributions,
        seen,
    })
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
