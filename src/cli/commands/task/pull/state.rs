//! The results that are in hand, those that are tried again later, and the counts.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::about::About;
use super::job::Job;
use super::tally::Tally;
use crate::chain::poco::Id;
use crate::cli::commands::result::Arrived;
use crate::code::Code;

/// The longest wait before a result is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

#[derive(Default)]
pub(super) struct State {
    /// What was found, and the node has yet to be asked about.
    pub(super) found: VecDeque<Job>,
    /// Results that the node is being asked about.
    pub(super) asking: usize,
    /// What can be downloaded.
    pub(super) jobs: VecDeque<Job>,
    /// Archives that came, and wait to be opened.
    pub(super) arrived: VecDeque<Arrived<About>>,
    /// Downloads that are going on.
    pub(super) downloading: usize,
    /// All of these, and those that are being opened.
    in_hand: HashSet<Id>,
    /// Those that failed, and may be well later.
    later: HashMap<Id, Later>,
    /// Whether no more jobs come.
    pub(super) no_more: bool,
    /// Whether all is to end.
    pub(super) stopped: bool,
    pub(super) tally: Tally,
}

/// When a result is tried again.
struct Later {
    at: Instant,
    failures: u32,
}

impl State {
    pub(super) fn is_in_hand(&self, id: Id) -> bool {
        self.in_hand.contains(&id)
    }

    /// Whether it failed, and is not to be tried again yet.
    pub(super) fn waits(&self, id: Id) -> bool {
        let later = self.later.get(&id);
        later.is_some_and(|it| it.at > Instant::now())
    }

    /// Whether it failed in this run.
    pub(super) fn has_failed(&self, id: Id) -> bool {
        self.later.contains_key(&id)
    }

    pub(super) fn add(&mut self, job: Job) {
        if self.in_hand.insert(job.id) {
            self.found.push_back(job);
        }
    }

    /// The next results that the node is asked about, `most` at most, while as many wait to be downloaded; the inner one is
    /// none when no more come.
    pub(super) fn next_found(&mut self, most: usize) -> Option<Option<Vec<Job>>> {
        if !self.found.is_empty() && self.jobs.len() < most {
            let some = most.min(self.found.len());
            self.asking = some;
            return Some(Some(self.found.drain(..some).collect()));
        }
        (self.no_more && self.found.is_empty()).then_some(None)
    }

    /// Adds results that the node was asked about.
    pub(super) fn asked(&mut self, jobs: Vec<Job>) {
        self.asking = 0;
        self.jobs.extend(jobs);
    }

    /// Results that are not being downloaded yet.
    pub(super) fn waiting(&self) -> usize {
        self.found.len() + self.asking + self.jobs.len()
    }

    /// The next result to download, while fewer than `most` wait to be opened; the inner one is none when no more come.
    pub(super) fn next_job(&mut self, most: usize) -> Option<Option<Job>> {
        if self.arrived.len() < most
            && let Some(job) = self.jobs.pop_front()
        {
            self.downloading += 1;
            return Some(Some(job));
        }
        (self.no_more && self.waiting() == 0).then_some(None)
    }

    /// The next archive to open; the inner one is none when no more come.
    pub(super) fn next_arrived(&mut self) -> Option<Option<Arrived<About>>> {
        match self.arrived.pop_front() {
            Some(arrived) => Some(Some(arrived)),
            None => {
                let is_end = self.no_more && self.waiting() == 0 && self.downloading == 0;
                is_end.then_some(None)
            }
        }
    }

    /// The results that are still to be opened, as far as is known.
    pub(super) fn expected(&self) -> usize {
        self.waiting() + self.downloading + self.arrived.len()
    }

    pub(super) fn pulled(&mut self, id: Id) {
        self.in_hand.remove(&id);
        self.later.remove(&id);
        self.tally.pulled += 1;
    }

    /// Notes that a result failed. It is tried again after `interval`, and after twice as long each time.
    pub(super) fn failed(&mut self, id: Id, code: Code, interval: Duration) {
        self.tally.fail(code);
        self.in_hand.remove(&id);
        let failures = self.later.get(&id).map_or(0, |it| it.failures);
        let wait = interval * 2_u32.pow(failures.min(16));
        let later = Later {
            at: Instant::now() + wait.min(LONGEST_WAIT.max(interval)),
            failures: failures + 1,
        };
        self.later.insert(id, later);
    }

    /// Forgets what is counted anew in each round.
    pub(super) fn forget_counts(&mut self) {
        let tally = &mut self.tally;
        (tally.existing, tally.running, tally.failed_before) = (0, 0, 0);
    }
}
