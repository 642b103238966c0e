use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::ui::reply::DONE;
use crate::code::Code;

/// What became of the tasks of a run.
#[derive(Default)]
pub(super) struct Tally {
    /// The first failure.
    pub(super) first: Option<Code>,
    pub(super) pulled: usize,
    /// Results that were there.
    pub(super) existing: usize,
    /// Tasks that are still computed.
    pub(super) running: usize,
    /// Completed tasks without a result that could be downloaded.
    pub(super) without_result: usize,
    /// Tasks whose results are not encrypted for anybody.
    pub(super) not_encrypted: usize,
    pub(super) failed_before: usize,
    /// Results that failed, by exit status.
    failed: BTreeMap<u8, usize>,
}

impl Tally {
    pub(super) fn fail(&mut self, code: Code) {
        *self.failed.entry(code.exit()).or_default() += 1;
        self.first = self.first.or(Some(code));
    }

    /// The line on all of them.
    pub(super) fn line(&self) -> String {
        let some = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let failed = self.failed.iter();
        let failed = failed.map(|(exit, count)| format!("{count} failed with exit code {exit}"));
        let parts = [
            Some(match self.pulled {
                1 => "1 result pulled".to_owned(),
                pulled => format!("{pulled} results pulled"),
            }),
            some(self.existing, "were there"),
            some(self.running, "are not ready"),
            some(self.without_result, "have nothing to download"),
            some(self.not_encrypted, "are not encrypted"),
            some(
                self.failed_before,
                "failed before (--retry-failed tries again)",
            ),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().chain(failed).collect();
        parts.join(", ")
    }

    /// The same for `--raw`.
    pub(super) fn to_json(&self) -> Value {
        let failed = self.failed.iter();
        let failed: BTreeMap<String, usize> = failed
            .map(|(exit, count)| (exit.to_string(), *count))
            .collect();
        json!({
            "summary": {
                "pulled": self.pulled,
                "existed": self.existing,
                "notReady": self.running,
                "withoutResult": self.without_result,
                "notEncrypted": self.not_encrypted,
                "failedBefore": self.failed_before,
                "failed": failed,
                "exit": self.first.map_or(DONE, Code::exit),
            },
        })
    }
}
