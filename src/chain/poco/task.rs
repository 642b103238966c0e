use alloy_primitives::U256;
use serde_json::Value;

use super::contracts::TaskView;
use super::ids::Id;
use crate::wallet::address::Address;

/// A task as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// The id.
    pub id: Id,
    /// How far it is.
    pub status: TaskStatus,
    /// The deal that it is of.
    pub deal: Id,
    /// Its number within the order.
    pub index: U256,
    /// Seconds that times of its category are counted in.
    pub time_reference: U256,
    /// Seconds since 1970 until when workers may contribute.
    pub contribution_deadline: U256,
    /// Seconds since 1970 until when they may reveal; 0 before there is a consensus.
    pub reveal_deadline: U256,
    /// Seconds since 1970 when it times out.
    pub final_deadline: U256,
    /// The hash that the workers agree on.
    pub consensus: Id,
    /// Workers that have revealed.
    pub revealed: U256,
    /// Workers that agree.
    pub winners: U256,
    /// Workers that have contributed.
    pub contributors: Vec<Address>,
    /// The digest of the result.
    pub digest: Id,
    /// Where the result is, in the worker's words.
    pub results: Vec<u8>,
    /// Seconds since 1970; not used by the contracts of today.
    pub results_timestamp: U256,
    /// What a contract was called back with.
    pub callback_data: Vec<u8>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskStatus {
    /// Nobody has begun with it.
    Unset,
    /// Workers compute it.
    Active,
    /// Workers agree on a result that they have yet to reveal.
    Revealing,
    /// The result is there.
    Completed,
    /// The money was taken back after it had timed out.
    Failed,
}

impl TaskStatus {
    const ALL: [Self; 5] = [
        Self::Unset,
        Self::Active,
        Self::Revealing,
        Self::Completed,
        Self::Failed,
    ];

    /// The number that the hub has for it.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl Task {
    /// The task of a view; none where there is no such task, an error where a number means no status.
    pub(super) fn of(id: Id, view: TaskView) -> Result<Option<Self>, u8> {
        if view.dealid.is_zero() {
            return Ok(None);
        }
        let status = TaskStatus::ALL.get(usize::from(view.status));
        let contributors = view.contributors.iter();
        Ok(Some(Self {
            id,
            status: *status.ok_or(view.status)?,
            deal: view.dealid.into(),
            index: view.idx,
            time_reference: view.timeref,
            contribution_deadline: view.contributionDeadline,
            reveal_deadline: view.revealDeadline,
            final_deadline: view.finalDeadline,
            consensus: view.consensusValue.into(),
            revealed: view.revealCounter,
            winners: view.winnerCounter,
            contributors: contributors.map(|it| it.into_array().into()).collect(),
            digest: view.resultDigest.into(),
            results: view.results.into(),
            results_timestamp: view.resultsTimestamp,
            callback_data: view.resultsCallback.into(),
        }))
    }

    /// Where the result is, as JSON: what the worker wrote, else `{"storage":"none"}`, as the SDK has it.
    pub fn results_json(&self) -> Value {
        TaskResults::of(&self.results).0
    }
}

/// Where the result of a task is, in the worker's words.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskResults(pub Value);

impl TaskResults {
    /// Reads the words.
    pub fn of(results: &[u8]) -> Self {
        let text = String::from_utf8_lossy(results);
        let json = serde_json::from_str(&text);
        Self(json.unwrap_or_else(|_| serde_json::json!({"storage": "none"})))
    }

    /// The path in IPFS, if it is there.
    pub fn ipfs_location(&self) -> Option<&str> {
        let is_in_ipfs = self.0["storage"] == "ipfs";
        self.0["location"].as_str().filter(|_| is_in_ipfs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(bytes: &[u8]) -> Value {
        let view = TaskView {
            results: bytes.to_vec().into(),
            dealid: [1; 32].into(),
            ..empty()
        };
        let task = Task::of(Id::ZERO, view).ok().flatten();
        task.map(|it| it.results_json()).unwrap_or_default()
    }

    fn empty() -> TaskView {
        TaskView {
            status: 0,
            dealid: Default::default(),
            idx: U256::ZERO,
            timeref: U256::ZERO,
            contributionDeadline: U256::ZERO,
            revealDeadline: U256::ZERO,
            finalDeadline: U256::ZERO,
            consensusValue: Default::default(),
            revealCounter: U256::ZERO,
            winnerCounter: U256::ZERO,
            contributors: Vec::new(),
            resultDigest: Default::default(),
            results: Default::default(),
            resultsTimestamp: U256::ZERO,
            resultsCallback: Default::default(),
        }
    }

    #[test]
    fn results_that_are_no_json_are_none() {
        let none = serde_json::json!({"storage": "none"});
        for bytes in [b"".as_slice(), b"\xff", b"/ipfs/Qm", &[b'['; 100_000]] {
            assert_eq!(results(bytes), none, "{bytes:?}");
        }
        assert_eq!(results(b"null"), Value::Null);
        assert_eq!(results(b"\"\xff\""), "\u{fffd}");
    }

    #[test]
    fn a_task_of_no_deal_is_none_and_an_odd_status_is_an_error() {
        assert_eq!(Task::of(Id::ZERO, empty()), Ok(None));
        let view = TaskView {
            status: 5,
            dealid: [1; 32].into(),
            ..empty()
        };
        assert_eq!(Task::of(Id::ZERO, view), Err(5));
    }
}
