//! How often what was noted: the numbers of the status and the metrics.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use super::super::mutex::lock;
use crate::agent::wire::{Code, LastFailure};

/// The numbers.
#[derive(Default)]
pub(in crate::agent::server) struct Counts {
    requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    events: Mutex<BTreeMap<&'static str, u64>>,
    last_failure: Mutex<Option<(&'static str, Instant)>>,
}

impl Counts {
    pub(super) fn request(&self, request: &'static str, outcome: &'static str) {
        *lock(&self.requests).entry((request, outcome)).or_default() += 1;
        // Of a question that a person was asked it is not.
        if request != "confirm" && is_of_token(outcome) {
            self.failed(outcome);
        }
    }

    pub(super) fn event(&self, event: &'static str) {
        *lock(&self.events).entry(event).or_default() += 1;
    }

    /// The token or its login has failed just now.
    pub(super) fn failed(&self, word: &'static str) {
        *lock(&self.last_failure) = Some((word, Instant::now()));
    }

    /// Requests, by kind and outcome.
    pub(in crate::agent::server) fn requests(&self) -> Vec<(&'static str, &'static str, u64)> {
        let requests = lock(&self.requests);
        requests
            .iter()
            .map(|(it, count)| (it.0, it.1, *count))
            .collect()
    }

    /// What happened to the agent itself.
    pub(in crate::agent::server) fn events(&self) -> Vec<(&'static str, u64)> {
        let events = lock(&self.events);
        events
            .iter()
            .map(|(event, count)| (*event, *count))
            .collect()
    }

    /// How often that happened.
    pub(in crate::agent::server) fn of_event(&self, event: &str) -> u64 {
        lock(&self.events).get(event).copied().unwrap_or_default()
    }

    pub(in crate::agent::server) fn last_failure(&self) -> Option<LastFailure> {
        let (code, at) = (*lock(&self.last_failure))?;
        Some(LastFailure {
            code: code.to_owned(),
            seconds_ago: at.elapsed().as_secs(),
        })
    }
}

/// Whether an outcome is a failure of the token or its login.
fn is_of_token(outcome: &str) -> bool {
    let requests = [
        Code::Usage,
        Code::CannotDecrypt,
        Code::AgentNotAvailable,
        Code::NotConfirmed,
    ];
    let harmless = ["done", "other-user"];
    !harmless.contains(&outcome) && !requests.iter().any(|code| code.word() == outcome)
}
