//! Where on the chain the contributions to a task are.

use alloy_primitives::{Address as SolAddress, B256};
use alloy_sol_types::{SolEvent as _, sol};
use serde_json::{Value, json};

use super::contribution_call::ContributionCall;
use super::hub::{Hub, number};
use super::ids::Id;
use crate::chain::rpc::RpcError;
use crate::http::HttpError;
use crate::wallet::address::Address;

sol! {
    event TaskContribute(bytes32 indexed taskid, address indexed worker, bytes32 hash);
}

/// Blocks that are read as a whole where a node does not search its events.
const READ: u64 = 24;

/// The transaction of a contribution, by the word of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContributionPlace {
    pub(super) worker: Address,
    pub(super) transaction: Id,
    pub(super) block: u64,
    /// The block's hash, where it was told.
    pub(super) block_hash: Option<Id>,
}

impl Hub {
    /// The contributions to a task in the blocks from `first` to `last`; none where the node does not search so many.
    pub(super) fn contribution_places(
        &self,
        task: Id,
        first: u64,
        last: u64,
    ) -> Result<Option<Vec<ContributionPlace>>, RpcError> {
        let filter = self.contributions_filter(&[task], first, last);
        let logs = match self.rpc().call_once("eth_getLogs", &json!([filter])) {
            Err(error) if is_refusal(&error) => return Ok(None),
            logs => logs?,
        };
        let logs = logs.as_array().ok_or_else(|| self.not_a_node())?;
        Ok(Some(self.places_among(task, logs)))
    }

    /// Asks for the events of contributions to any of `tasks`.
    pub(super) fn contributions_filter(&self, tasks: &[Id], first: u64, last: u64) -> Value {
        let tasks: Vec<String> = tasks.iter().map(Id::to_string).collect();
        json!({
            "address": self.address().to_string(),
            "topics": [TaskContribute::SIGNATURE_HASH.to_string(), tasks],
            "fromBlock": format!("{first:#x}"),
            "toBlock": format!("{last:#x}"),
        })
    }

    /// The contributions to a task among events.
    pub(super) fn places_among(&self, task: Id, logs: &[Value]) -> Vec<ContributionPlace> {
        let logs = logs.iter().filter(|log| log["removed"] != true);
        logs.filter_map(|log| self.place_of(task, log)).collect()
    }

    /// The same by reading the blocks themselves.
    pub(super) fn contribution_places_in_blocks(
        &self,
        task: Id,
        first: u64,
        last: u64,
    ) -> Result<Vec<ContributionPlace>, RpcError> {
        let mut places = Vec::new();
        for block in first..=last.min(first.saturating_add(READ)) {
            let read = self.read_block(&format!("{block:#x}").into(), true)?;
            let calls = read["transactions"].as_array().into_iter().flatten();
            places.extend(calls.filter_map(|call| self.place_in(task, block, call)));
        }
        Ok(places)
    }

    fn place_of(&self, task: Id, log: &Value) -> Option<ContributionPlace> {
        Some(ContributionPlace {
            worker: worker_of(self, task, log)?,
            transaction: log["transactionHash"].as_str()?.parse().ok()?,
            block: number(&log["blockNumber"])?,
            block_hash: Some(log["blockHash"].as_str()?.parse().ok()?),
        })
    }

    fn place_in(&self, task: Id, block: u64, call: &Value) -> Option<ContributionPlace> {
        let sent = Sent::read(call)?;
        let is_it = sent.to == self.address()
            && ContributionCall::read(&sent.input).is_some_and(|call| call.task == task);
        is_it.then_some(ContributionPlace {
            worker: sent.from,
            transaction: sent.hash,
            block,
            block_hash: None,
        })
    }
}

/// The worker whose contribution to a task an event of the hub tells of; none where it tells of something else.
pub(super) fn worker_of(hub: &Hub, task: Id, log: &Value) -> Option<Address> {
    let address: Address = log["address"].as_str()?.parse().ok()?;
    let topics = log["topics"].as_array()?;
    let topics: Option<Vec<B256>> = topics
        .iter()
        .map(|it| Some(it.as_str()?.parse::<Id>().ok()?.into()))
        .collect();
    let topics = topics?;
    let [event, of_task, worker] = topics.as_slice() else {
        return None;
    };
    let is_it = address == hub.address()
        && *event == TaskContribute::SIGNATURE_HASH
        && Id::from(*of_task) == task;
    is_it.then(|| SolAddress::from_word(*worker).into_array().into())
}

/// A transaction, in the words of a node.
pub(super) struct Sent {
    pub(super) hash: Id,
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) input: Vec<u8>,
}

impl Sent {
    pub(super) fn read(call: &Value) -> Option<Self> {
        let text = |key: &str| call[key].as_str();
        Some(Self {
            hash: text("hash")?.parse().ok()?,
            from: text("from")?.parse().ok()?,
            to: text("to")?.parse().ok()?,
            input: alloy_primitives::hex::decode(text("input")?).ok()?,
        })
    }
}

/// Whether the node answers, and does not do that. Nodes say it in many ways, some with the code for being busy.
pub(super) fn is_refusal(error: &RpcError) -> bool {
    error.is_refused()
        || matches!(
            error,
            RpcError::Unexpected { .. } | RpcError::Http(HttpError::TooLong { .. })
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_is_that_of_the_hub() {
        assert_eq!(
            TaskContribute::SIGNATURE_HASH.to_string(),
            "0x3fdb8d7797562d49a81078dbf7fa1771958ea452f8b13d1148383bd9506aecfb"
        );
    }
}
