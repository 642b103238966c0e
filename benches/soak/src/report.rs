//! Counts of what happened, and findings.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Findings that are printed in full; of more, only how many there are.
const SHOWN: usize = 30;

#[derive(Default)]
pub struct Report(Mutex<Content>);

#[derive(Default)]
struct Content {
    /// Of each thing that is done, how often it ended in which way.
    counts: BTreeMap<(String, String), u64>,
    findings: Vec<String>,
}

impl Report {
    pub fn count(&self, what: &str, how: impl Into<String>) {
        self.add(what, how, 1);
    }

    pub fn add(&self, what: &str, how: impl Into<String>, count: u64) {
        *self
            .content()
            .counts
            .entry((what.into(), how.into()))
            .or_default() += count;
    }

    /// Keeps the largest of all.
    pub fn most(&self, what: &str, how: &str, value: u64) {
        let mut content = self.content();
        let most = content.counts.entry((what.into(), how.into())).or_default();
        *most = value.max(*most);
    }

    pub fn finding(&self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("\nFINDING: {what}");
        self.content().findings.push(what);
    }

    pub fn has_findings(&self) -> bool {
        !self.content().findings.is_empty()
    }

    /// Says how far it is, on a terminal.
    pub fn progress(&self, since: Duration) {
        if stderr().is_terminal() {
            let content = self.content();
            let done: u64 = content.counts.values().sum();
            let found = content.findings.len();
            let line = format!("\r{} s: {done} counted, {found} findings ", since.as_secs());
            let _ = stderr().write_all(line.as_bytes());
        }
    }

    pub fn print(&self) {
        let content = self.content();
        println!("\n| what | how it ended | count |\n|---|---|--:|");
        for ((what, how), count) in &content.counts {
            println!("| {what} | {how} | {count} |");
        }
        println!("\nFindings: {}", content.findings.len());
        for finding in content.findings.iter().take(SHOWN) {
            println!("- {finding}");
        }
    }

    fn content(&self) -> std::sync::MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
