//! The tasks whose results are for one address.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::{DealState, TaskState};
use crate::chain::poco::{Deal, Hub, Id, Task, U256};
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Tasks of a deal that are looked at, the first ones. Anybody can make a deal for any address, of any size.
pub const MOST_TASKS: u64 = 10_000;

/// A task of a deal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundTask {
    /// The deal.
    pub deal: Arc<DealState>,
    /// Its number within the order.
    pub index: U256,
    /// The id.
    pub id: Id,
    /// The task; none where no worker has started it.
    pub task: Option<Task>,
}

impl FoundTask {
    /// The state at `now`, in seconds since 1970.
    pub fn state(&self, now: u64) -> TaskState {
        self.deal.task(self.task.as_ref(), now)
    }
}

/// The deals among `ids` whose results are for `beneficiary`, as the chain says. What else is among them is left out: it
/// does not matter who named them.
///
/// # Errors
/// When the node cannot be asked, is of another chain, or knows no hub.
pub fn deals_for(
    hub: &Hub,
    ids: &[Id],
    beneficiary: Address,
) -> Result<Vec<Arc<DealState>>, RpcError> {
    let mut times = BTreeMap::new();
    let found = hub.deals(ids)?.into_iter().flatten();
    let ours = found.filter(|deal| deal.beneficiary == beneficiary);
    ours.map(|deal| {
        let time = match times.get(&deal.category) {
            Some(time) => *time,
            None => *times.entry(deal.category).or_insert(time_of(hub, &deal)?),
        };
        let final_time = deal.start_time.saturating_add(time);
        Ok(Arc::new(DealState::new(deal, final_time)))
    })
    .collect()
}

/// How long the tasks of a deal may take.
fn time_of(hub: &Hub, deal: &Deal) -> Result<U256, RpcError> {
    Ok(hub.final_time(deal)?.saturating_sub(deal.start_time))
}

/// The tasks of deals that `is_wanted`, in the order of the deals; of each deal [`MOST_TASKS`] at most.
///
/// # Errors
/// As of [`deals_for`].
pub fn tasks_of(
    hub: &Hub,
    deals: &[Arc<DealState>],
    is_wanted: impl Fn(Id) -> bool,
) -> Result<Vec<FoundTask>, RpcError> {
    let most = usize::try_from(MOST_TASKS).unwrap_or(usize::MAX);
    let mut found: Vec<FoundTask> = Vec::new();
    for deal in deals {
        let ids = deal.deal.task_ids().take(most).enumerate();
        let wanted = ids.filter(|(_, id)| is_wanted(*id));
        found.extend(wanted.map(|(at, id)| FoundTask {
            deal: deal.clone(),
            index: deal.deal.first_task.saturating_add(U256::from(at)),
            id,
            task: None,
        }));
    }
    let ids: Vec<Id> = found.iter().map(|it| it.id).collect();
    for (place, task) in found.iter_mut().zip(hub.tasks(&ids)?) {
        place.task = task;
    }
    Ok(found)
}
