//! The transactions by which workers contributed to a task, each answer of the node held against another one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use thiserror::Error;

use super::block_search::BlockSearch;
use super::contribution_place::{ContributionPlace, Sent, is_refusal, worker_of};
use super::hub::{Hub, number};
use super::ids::Id;
use super::task::Task;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Blocks that are searched at once: most nodes take that many.
const AT_ONCE: u64 = 1000;
/// Where more are refused.
const FEW: u64 = 10;
/// Blocks that one second has at most.
const IN_A_SECOND: u64 = 64;
/// Blocks that are searched at once for those who came before the last of several, and how often at most.
const WINDOW: u64 = 10_000;
const WINDOWS: u64 = 120;

/// The call by which a worker contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContributionSent {
    /// Who sent it.
    pub sender: Address,
    /// Its data.
    pub input: Vec<u8>,
    /// The transaction.
    pub transaction: Id,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: Id,
}

/// Why the call by which a worker contributed is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotFound {
    /// The node is pruned, or has nothing of that time yet.
    #[error("the node does not have the blocks from the time of the worker's contribution")]
    NoBlocks,
    /// It searches no events, and in the blocks is nothing either.
    #[error("the node does not find the worker's contribution among its events")]
    NoEvent,
    /// It has the event, and not the transaction.
    #[error("the node does not have the transaction of the worker's contribution")]
    NoTransaction,
    /// Another contract stands between.
    #[error("the worker contributed through another contract")]
    OtherContract,
    /// Two of its answers do not fit together.
    #[error("the node's answers about the worker's contribution do not fit together: {0}")]
    Contradiction(&'static str),
}

/// How the search for one worker's call ended.
pub type Search = Result<ContributionSent, NotFound>;

impl Hub {
    /// The calls by which `workers` contributed to a task.
    ///
    /// # Errors
    /// When the node cannot be asked. What it does not know, or refuses to tell, is in the answer.
    pub fn contributions_sent(
        &self,
        task: &Task,
        workers: &[Address],
    ) -> Result<BTreeMap<Address, Search>, RpcError> {
        let places = match self.places(task, workers) {
            Err(error) if is_refusal(&error) => Err(NotFound::NoBlocks),
            places => places?,
        };
        let mut all = BTreeMap::new();
        for worker in workers {
            let place = match &places {
                Ok(places) => places.iter().find(|it| it.worker == *worker),
                Err(why) => {
                    all.insert(*worker, Err(*why));
                    continue;
                }
            };
            let at = (task.contributors.len() == 1).then(|| consensus_time(task));
            let sent = match place {
                Some(place) => match self.held(task, place, at.flatten()) {
                    Err(error) if is_refusal(&error) => Err(NotFound::NoTransaction),
                    sent => sent?,
                },
                None => Err(NotFound::NoEvent),
            };
            all.insert(*worker, sent);
        }
        Ok(all)
    }

    fn places(
        &self,
        task: &Task,
        workers: &[Address],
    ) -> Result<Result<Vec<ContributionPlace>, NotFound>, RpcError> {
        let newest = self.newest()?;
        let search = consensus_time(task).and_then(|time| BlockSearch::new(time, newest));
        let Some(mut search) = search else {
            return Ok(Err(NotFound::NoBlocks));
        };
        let end = |last: u64| newest.number.min(last.saturating_add(IN_A_SECOND));
        let mut places = None;
        for most in [AT_ONCE, FEW] {
            if search.narrow(most, |number| self.block(number))?.is_none() {
                return Ok(Err(NotFound::NoBlocks));
            }
            places = self.in_windows(task.id, search.first(), end(search.last()), most)?;
            if places.is_some() {
                break;
            }
        }
        let mut places = match places {
            Some(places) => places,
            None => {
                let last = end(search.last());
                self.contribution_places_in_blocks(task.id, search.first(), last)?
            }
        };
        let is_missing = |places: &[ContributionPlace]| {
            let is_there = |worker| places.iter().any(|it| it.worker == worker);
            workers.iter().any(|worker| !is_there(*worker))
        };
        // Of several only the last came then.
        let mut windows = if task.contributors.len() > 1 {
            WINDOWS
        } else {
            0
        };
        let mut before = search.first();
        while windows > 0 && before > 0 && is_missing(&places) {
            let first = before.saturating_sub(WINDOW);
            let found = self.in_windows(task.id, first, before - 1, AT_ONCE)?;
            let Some(found) = found else { break };
            places.extend(found);
            before = first;
            windows -= 1;
        }
        Ok(Ok(places))
    }

    /// Searches all at once, else so many blocks at a time; none where the node refuses that, too.
    fn in_windows(
        &self,
        task: Id,
        first: u64,
        last: u64,
        width: u64,
    ) -> Result<Option<Vec<ContributionPlace>>, RpcError> {
        if let Some(places) = self.contribution_places(task, first, last)? {
            return Ok(Some(places));
        }
        let mut places = Vec::new();
        let mut at = first;
        while at <= last {
            let end = last.min(at.saturating_add(width - 1));
            match self.contribution_places(task, at, end)? {
                Some(found) => places.extend(found),
                None => return Ok(None),
            }
            at = end.saturating_add(1);
        }
        Ok(Some(places))
    }

    /// Holds a place against its block, its receipt and its transaction.
    fn held(
        &self,
        task: &Task,
        place: &ContributionPlace,
        time: Option<u64>,
    ) -> Result<Search, RpcError> {
        let contradiction = |what| Ok(Err(NotFound::Contradiction(what)));
        let Some(block) = self.block(place.block)? else {
            return Ok(Err(NotFound::NoBlocks));
        };
        if place.block_hash.is_some_and(|hash| hash != block.hash) {
            return contradiction("the event is of another block");
        }
        if time.is_some_and(|time| time != block.time) {
            return contradiction("the event is of another time than the contribution");
        }
        let hash = json!([place.transaction.to_string()]);
        let receipt = self.rpc().call("eth_getTransactionReceipt", &hash)?;
        let call = self.rpc().call("eth_getTransactionByHash", &hash)?;
        if receipt.is_null() || call.is_null() {
            return Ok(Err(NotFound::NoTransaction));
        }
        let is_of_block = |it: &Value| {
            number(&it["blockNumber"]) == Some(block.number)
                && it["blockHash"].as_str().and_then(|it| it.parse().ok()) == Some(block.hash)
        };
        if !is_of_block(&receipt) || !is_of_block(&call) {
            return contradiction("the transaction is of another block than the event");
        }
        let logs = receipt["logs"].as_array().into_iter().flatten();
        let mut workers = logs.filter_map(|log| worker_of(self, task.id, log));
        if receipt["status"] != "0x1" || !workers.any(|worker| worker == place.worker) {
            return contradiction("the receipt has no such event");
        }
        let Some(sent) = Sent::read(&call) else {
            return contradiction("the transaction has not the form of one");
        };
        if sent.hash != place.transaction {
            return contradiction("the transaction is another one");
        }
        if sent.to != self.address() || sent.from != place.worker {
            return Ok(Err(NotFound::OtherContract));
        }
        Ok(Ok(ContributionSent {
            sender: sent.from,
            input: sent.input,
            transaction: place.transaction,
            block: block.number,
            block_hash: block.hash,
        }))
    }
}

/// Seconds since 1970 when the workers agreed: when the last of them contributed.
fn consensus_time(task: &Task) -> Option<u64> {
    let two = task.time_reference.checked_add(task.time_reference)?;
    let time = task.reveal_deadline.checked_sub(two)?;
    u64::try_from(time).ok()
}
