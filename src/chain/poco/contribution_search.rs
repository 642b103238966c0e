//! Where on the chain workers contributed to a task: first the time, then the events of the blocks around it.

use super::block_search::BlockSearch;
use super::contribution_place::ContributionPlace;
use super::contribution_sent::{NotFound, consensus_time};
use super::hub::Hub;
use super::ids::Id;
use super::task::Task;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Blocks that are searched at once: most nodes take that many.
pub(super) const AT_ONCE: u64 = 1000;
/// Where more are refused.
const FEW: u64 = 10;
/// Blocks that one second has at most.
pub(super) const IN_A_SECOND: u64 = 64;
/// Blocks that are searched at once for those who came before the last of several, and how often at most.
const WINDOW: u64 = 10_000;
const WINDOWS: u64 = 120;

impl Hub {
    /// Where `workers` contributed to a task; or why that cannot be looked for.
    pub(super) fn places(
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
}
