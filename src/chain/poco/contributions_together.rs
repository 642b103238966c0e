//! Where on the chain workers contributed to several tasks, asked together as far as these are near each other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::block::Block;
use super::block_search::BlockSearch;
use super::contribution_place::{ContributionPlace, is_refusal};
use super::contribution_search::{AT_ONCE, IN_A_SECOND};
use super::contribution_sent::consensus_time;
use super::hub::Hub;
use super::task::Task;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Blocks that are searched for contributions to these tasks.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    first: u64,
    last: u64,
    /// Their places among those that are wanted.
    tasks: Vec<usize>,
}

impl Hub {
    /// Where workers contributed, in the order of the tasks; none for each that has to be looked for by itself.
    pub(super) fn places_together(
        &self,
        wanted: &[(&Task, &[Address])],
    ) -> Result<Vec<Option<Vec<ContributionPlace>>>, RpcError> {
        let mut places = vec![None; wanted.len()];
        if wanted.len() < 2 {
            return Ok(places);
        }
        let windows = joined(self.windows(wanted)?);
        let filters = windows.iter().map(|window| {
            let ids = window.tasks.iter().map(|at| wanted[*at].0.id);
            self.contributions_filter(&ids.collect::<Vec<_>>(), window.first, window.last)
        });
        let logs = self.logs_of_each(&filters.collect::<Vec<_>>())?;
        for (window, logs) in windows.iter().zip(logs) {
            let Some(logs) = logs else { continue };
            for at in &window.tasks {
                let (task, workers) = wanted[*at];
                let found = self.places_among(task.id, &logs);
                let has = |worker| found.iter().any(|it| it.worker == worker);
                if workers.iter().all(|worker| has(*worker)) {
                    places[*at] = Some(found);
                }
            }
        }
        Ok(places)
    }

    /// The blocks around the time of each task. A block that was asked for once helps with all others.
    fn windows(&self, wanted: &[(&Task, &[Address])]) -> Result<Vec<Window>, RpcError> {
        let newest = self.newest()?;
        let mut known: BTreeMap<u64, Block> = BTreeMap::new();
        let mut windows = Vec::new();
        for (at, (task, _)) in wanted.iter().enumerate() {
            let search = consensus_time(task).and_then(|time| BlockSearch::new(time, newest));
            let Some(mut search) = search else { continue };
            known.values().for_each(|block| search.learn(*block));
            let ask = |number| {
                let block = self.block(number)?;
                known.extend(block.map(|block| (number, block)));
                Ok::<_, RpcError>(block)
            };
            if search.narrow(AT_ONCE, ask)?.is_some() {
                windows.push(Window {
                    first: search.first(),
                    last: newest.number.min(search.last().saturating_add(IN_A_SECOND)),
                    tasks: vec![at],
                });
            }
        }
        Ok(windows)
    }

    /// The events of each filter; none for each that the node refuses.
    fn logs_of_each(&self, filters: &[Value]) -> Result<Vec<Option<Vec<Value>>>, RpcError> {
        let params: Vec<Value> = filters.iter().map(|it| json!([it])).collect();
        let logs = match self.rpc().call_each_once("eth_getLogs", &params) {
            Err(error) if is_refusal(&error) => return Ok(vec![None; filters.len()]),
            logs => logs?,
        };
        let read = |logs: Value| match logs {
            Value::Array(logs) => Ok(Some(logs)),
            _ => Err(self.not_a_node()),
        };
        logs.into_iter().map(read).collect()
    }
}

/// As few windows as there can be, each no longer than one is.
fn joined(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_by_key(|it| it.first);
    let mut joined: Vec<Window> = Vec::new();
    for window in windows {
        let before = joined.last_mut();
        match before.filter(|it| window.last.max(it.last) - it.first < AT_ONCE + IN_A_SECOND) {
            Some(before) => {
                before.last = before.last.max(window.last);
                before.tasks.extend(window.tasks);
            }
            None => joined.push(window),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(first: u64, last: u64, tasks: &[usize]) -> Window {
        Window {
            first,
            last,
            tasks: tasks.to_vec(),
        }
    }

    #[test]
    fn blocks_that_lie_near_each_other_are_searched_once() {
        let windows = vec![
            window(900, 1900, &[0]),
            window(0, 500, &[1]),
            window(400, 1000, &[2]),
            window(u64::MAX - 5, u64::MAX, &[3]),
        ];
        let found = joined(windows);
        let expected = [
            window(0, 1000, &[1, 2]),
            window(900, 1900, &[0]),
            window(u64::MAX - 5, u64::MAX, &[3]),
        ];
        assert_eq!(found, expected);
        assert_eq!(joined(Vec::new()), []);
    }
}
