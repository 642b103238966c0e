use std::collections::BTreeMap;

use crate::code::Code;

/// How the archives of a run ended.
#[derive(Default)]
pub(super) struct Tally {
    /// The first failure, in the order of the archives.
    pub(super) first: Option<Code>,
    opened: usize,
    /// Archives that failed, by exit status.
    failed: BTreeMap<u8, usize>,
}

impl Tally {
    /// Counts an archive that was opened, or failed with this code.
    pub(super) fn add(&mut self, failed: Option<Code>) {
        match failed {
            None => self.opened += 1,
            Some(code) => *self.failed.entry(code.exit()).or_default() += 1,
        }
        self.first = self.first.or(failed);
    }

    /// The line on `all` archives; `None` where each of them was opened.
    pub(super) fn line(&self, all: usize) -> Option<String> {
        let tried = self.opened + self.failed.values().sum::<usize>();
        let failed = self.failed.iter();
        let failed = failed.map(|(exit, count)| format!("{count} failed with exit code {exit}"));
        let left = all.saturating_sub(tried);
        let not_tried = (left > 0).then(|| format!("{left} not tried"));
        let rest: Vec<String> = failed.chain(not_tried).collect();
        (!rest.is_empty()).then(|| {
            format!(
                "{} of {all} archives opened; {}",
                self.opened,
                rest.join(", ")
            )
        })
    }
}
