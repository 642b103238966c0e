//! What is proven of a result, for people and programs.

use serde_json::{Value, json};

use super::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::verify::{Check, Report, Status};

/// Where people read what "verified" leaves open.
const LEFT_OPEN: &str = "`iexec-hsm result verify --help` says what that does not prove.";

/// The checks of a result, told.
pub(crate) struct Verification(pub(crate) Report);

impl Verification {
    /// What `--raw` says.
    pub(crate) fn json(&self) -> Value {
        let check = |check: &Check| {
            json!({
                "id": check.id.name(),
                "status": check.status.name(),
                "why": check.why,
            })
        };
        json!({
            "verification": {
                "verdict": self.0.verdict().name(),
                "checks": self.0.checks.iter().map(check).collect::<Vec<_>>(),
            },
        })
    }

    /// The verdict in a line; nothing for a mismatch, which is a failure.
    pub(crate) fn line(&self) -> String {
        let count = self.0.checks.len();
        match self.0.verdict() {
            Status::Verified => format!("verified      all {count} checks; {LEFT_OPEN}"),
            Status::Unknown => format!("verified      not in full: {}", self.unknown()),
            Status::Mismatch => format!("mismatch      {}", self.mismatch()),
        }
    }

    /// A line for each check.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |check: &Check| {
            let (name, status) = (check.id.in_words(), check.status.name());
            format!("{name:<18}{status:<9} {}", check.why.shown())
        };
        self.0.checks.iter().map(line).collect()
    }

    /// Fails where something is proven to be wrong, and with `all_wanted` where anything is not proven.
    pub(crate) fn judge(&self, all_wanted: bool) -> Result<(), Failure> {
        let failure = match self.0.verdict() {
            Status::Mismatch => Failure::new(
                Code::VerifiedDifferent,
                format!("the result is not the one of the task: {}", self.mismatch()),
            )
            .hint("Do not use it. Download it again, from another gateway and by way of another node; if it stays so, tell who runs the workerpool."),
            Status::Unknown if all_wanted => Failure::new(
                Code::NotVerified,
                format!("the result is not verified in full: {}", self.unknown()),
            )
            .hint("-v shows all checks. Without --require-verified this is no failure."),
            _ => return Ok(()),
        };
        Err(failure.with(self.json()))
    }

    fn mismatch(&self) -> String {
        let told = self.0.with(Status::Mismatch);
        let told: Vec<String> = told.map(|it| it.why.shown().into_owned()).collect();
        told.join("; ")
    }

    fn unknown(&self) -> String {
        let names = self.0.with(Status::Unknown).map(|it| it.id.in_words());
        let names: Vec<&str> = names.collect();
        let count = self.0.checks.len();
        format!(
            "{} of {count} checks hold, and {} cannot be told",
            count - names.len(),
            in_a_row(&names)
        )
    }
}

/// Names in a row, with a word before the last.
fn in_a_row(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
