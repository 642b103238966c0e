use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::ui::reply::DONE;
use crate::code::Code;

/// Why an archive is passed over.
#[derive(Clone, Copy)]
pub(super) enum Passed {
    /// Its result is there.
    Existing,
    /// It failed before with this code, and nothing changed since.
    FailedBefore(Code),
}

/// How an archive ended.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Opened,
    Passed(Passed),
    Failed(Code),
}

/// How the archives of a run ended.
pub(super) struct Tally {
    /// The first failure, in the order of the archives.
    pub(super) first: Option<Code>,
    archives: usize,
    opened: usize,
    existing: usize,
    failed_before: usize,
    /// Archives that failed, by exit status.
    failed: BTreeMap<u8, usize>,
}

impl Tally {
    /// That of a run of so many archives.
    pub(super) fn new(archives: usize) -> Self {
        Self {
            first: None,
            archives,
            opened: 0,
            existing: 0,
            failed_before: 0,
            failed: BTreeMap::new(),
        }
    }

    /// Counts an archive.
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Opened => self.opened += 1,
            Outcome::Passed(Passed::Existing) => self.existing += 1,
            Outcome::Passed(Passed::FailedBefore(_)) => self.failed_before += 1,
            Outcome::Failed(code) => {
                *self.failed.entry(code.exit()).or_default() += 1;
                self.first = self.first.or(Some(code));
            }
        }
    }

    pub(super) fn not_tried(&self) -> usize {
        let failed: usize = self.failed.values().sum();
        self.archives
            .saturating_sub(self.opened + self.existing + self.failed_before + failed)
    }

    /// The line on all archives; `None` where each of them was opened.
    pub(super) fn line(&self) -> Option<String> {
        let some = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let failed = self.failed.iter();
        let failed = failed.map(|(exit, count)| format!("{count} failed with exit code {exit}"));
        let rest: Vec<String> = [
            some(self.existing, "existed"),
            some(
                self.failed_before,
                "failed before (--retry-failed tries again)",
            ),
        ]
        .into_iter()
        .flatten()
        .chain(failed)
        .chain(some(self.not_tried(), "not tried"))
        .collect();
        (!rest.is_empty()).then(|| {
            format!(
                "{} of {} archives opened; {}",
                self.opened,
                self.archives,
                rest.join(", ")
            )
        })
    }

    /// The same for `--raw`.
    pub(super) fn to_json(&self) -> Value {
        let failed: BTreeMap<String, usize> = (self.failed.iter())
            .map(|(exit, count)| (exit.to_string(), *count))
            .collect();
        json!({
            "summary": {
                "archives": self.archives,
                "opened": self.opened,
                "existed": self.existing,
                "failedBefore": self.failed_before,
                "failed": failed,
                "notTried": self.not_tried(),
                "exit": self.first.map_or(DONE, Code::exit),
            },
        })
    }
}
