use thiserror::Error;

use super::state::TaskState;
use crate::chain::poco::Task;
use crate::ipfs::{Location, LocationError};
use crate::text::escape::Shown as _;

/// Characters of a worker's word that a message has room for.
const SHOWN: usize = 40;

/// Why there is nothing to download for a task. What a worker wrote is shown, and never followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoResult {
    /// It is still at work. A retry helps later.
    #[error("the task is {}, so there is no result yet", .0.name())]
    NotYet(TaskState),
    /// It has failed or timed out.
    #[error("the task is {}, so there is no result and never will be", .0.name())]
    Ended(TaskState),
    /// It has none that could be downloaded.
    #[error("No result uploaded for this task")]
    None,
    /// It went to a contract.
    #[error("the result went to a contract ({0} bytes), and nothing was uploaded")]
    CalledBack(usize),
    /// It is in another storage than IPFS.
    #[error("Task result stored on {}, download not supported", shortened(.0).shown())]
    Elsewhere(String),
    /// The worker does not say where it is.
    #[error("Missing location key in task results, download not supported")]
    NoLocation,
    /// What the worker says is no place in IPFS.
    #[error("the worker names a location that is not used: {0}")]
    Location(#[from] LocationError),
}

/// Where the result of a task is, at `now`, in seconds since 1970.
///
/// # Errors
/// When there is none, or none in IPFS.
pub fn result_location(task: &Task, now: u64) -> Result<Location, NoResult> {
    match TaskState::of(task, now) {
        TaskState::Completed => {}
        state if state.is_final() => return Err(NoResult::Ended(state)),
        state => return Err(NoResult::NotYet(state)),
    }
    let results = task.results_json();
    let text = |key: &str| results.get(key).and_then(|it| it.as_str());
    match text("storage") {
        None | Some("none") if !task.callback_data.is_empty() => {
            Err(NoResult::CalledBack(task.callback_data.len()))
        }
        None | Some("none") => Err(NoResult::None),
        Some("ipfs") => {
            let location = text("location").filter(|it| !it.is_empty());
            Ok(location.ok_or(NoResult::NoLocation)?.parse()?)
        }
        Some(other) => Err(NoResult::Elsewhere(other.to_owned())),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::chain::poco::{Id, TaskStatus, U256};

    const CID: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

    fn completed(results: &[u8]) -> Task {
        Task {
            id: Id::ZERO,
            status: TaskStatus::Completed,
            deal: Id::ZERO,
            index: U256::ZERO,
            time_reference: U256::ZERO,
            contribution_deadline: U256::ZERO,
            reveal_deadline: U256::ZERO,
            final_deadline: U256::ZERO,
            consensus: Id::ZERO,
            revealed: U256::ZERO,
            winners: U256::ZERO,
            contributors: Vec::new(),
            digest: Id::ZERO,
            results: results.to_vec(),
            results_timestamp: U256::ZERO,
            callback_data: Vec::new(),
        }
    }

    fn location(results: &str) -> Result<Location, NoResult> {
        result_location(&completed(results.as_bytes()), 0)
    }

    #[test]
    fn a_location_is_read_whatever_stands_beside_it() {
        let text = format!(r#"{{"location": "/ipfs/{CID}", "x": [1], "storage": "ipfs"}}"#);
        assert_eq!(location(&text).unwrap().to_string(), format!("/ipfs/{CID}"));
    }

    #[test]
    fn a_megabyte_of_anything_is_a_short_message() {
        let mib = "x".repeat(1024 * 1024);
        let deep = "[".repeat(1024 * 1024);
        let wide = format!("[{}0]", "0,".repeat(512 * 1024));
        for results in [
            mib.clone(),
            deep.clone(),
            wide,
            format!(r#"{{"storage":"{mib}"}}"#),
            format!(r#"{{"storage":"ipfs","location":"{mib}"}}"#),
            format!(r#"{{"storage":"ipfs","location":"/ipfs/{mib}"}}"#),
            format!(r#"{{"storage":"ipfs","location":{deep}}}"#),
            r#"{"storage":"ipfs","location":{"length":3}}"#.to_owned(),
            r#"{"storage":["ipfs"],"location":"/ipfs/x"}"#.to_owned(),
        ] {
            let error = location(&results).unwrap_err();
            let text = error.to_string();
            assert!(text.len() < 200, "{}", &text[..200]);
        }
    }

    #[test]
    fn a_name_of_a_storage_cannot_move_a_terminal() {
        let error = location("{\"storage\":\"drop\\u001b[2J\\u202ebox\"}").unwrap_err();
        let text = error.to_string();
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
    }

    #[test]
    fn what_went_to_a_contract_is_named() {
        let mut task = completed(b"");
        task.callback_data = vec![1, 2];
        assert_eq!(result_location(&task, 0), Err(NoResult::CalledBack(2)));
    }
}
