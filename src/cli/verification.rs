//! What is proven of a result, for people and programs.

use serde_json::{Value, json};

use super::context::Context;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::verify::{Check, CheckId, Report, Status};
use crate::wallet::address::Address;

/// Where people read what "verified" leaves open.
const LEFT_OPEN: &str = "`iexec-hsm result verify --help` says what that does not prove.";

/// The checks of a result, told.
pub(crate) struct Verification {
    pub(crate) report: Report,
    /// Why the node did not tell all that the checks need.
    pub(crate) failed: Option<Failure>,
}

/// Whom a result should be for: the address that is set, or one whose key file is here, else that of the wallet. Nobody where
/// a key was named by itself.
pub(crate) fn expected_beneficiary(
    context: &Context,
    of_deal: Option<Address>,
    names_key: bool,
) -> Option<Address> {
    let own = context.located().ok().map(|located| located.address);
    if context.settings.wallet_address.is_some() || own == of_deal {
        return own;
    }
    let is_ours = |address: &Address| context.folder().key_path(address).exists();
    of_deal.filter(is_ours).or(own.filter(|_| !names_key))
}

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
        let mut json = json!({
            "verdict": self.report.verdict().name(),
            "checks": self.report.checks.iter().map(check).collect::<Vec<_>>(),
        });
        if let Some(failure) = &self.failed {
            json["reason"] = failure.message().into();
        }
        json!({ "verification": json })
    }

    /// The verdict in a line; nothing for a mismatch, which is a failure.
    pub(crate) fn line(&self) -> String {
        let count = self.report.checks.len();
        match self.report.verdict() {
            Status::Verified => format!("verified      all {count} checks; {LEFT_OPEN}"),
            Status::Unknown => format!("verified      not in full: {}", self.unknown()),
            Status::Mismatch => format!("mismatch      {}", self.mismatch()),
        }
    }

    /// The verdict in a few words; nothing for a mismatch, which is a failure.
    pub(crate) fn words(&self) -> String {
        match self.report.verdict() {
            Status::Verified => "verified".to_owned(),
            _ => self.unknown(),
        }
    }

    /// The verdict in a line, below a line for each check where these are wanted or not all are verified.
    pub(crate) fn in_full(&self, context: &Context) -> Vec<String> {
        let all = context.global.verbose || self.report.verdict() != Status::Verified;
        let mut lines = if all { self.lines() } else { Vec::new() };
        lines.push(self.line());
        lines
    }

    /// A line for each check.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |check: &Check| {
            let (name, status) = (check.id.in_words(), check.status.name());
            format!("{name:<18}{status:<9} {}", check.why.shown())
        };
        self.report.checks.iter().map(line).collect()
    }

    /// Fails where something is proven to be wrong, and with `all_wanted` where anything is not proven.
    pub(crate) fn judge(&self, all_wanted: bool) -> Result<(), Failure> {
        let failure = match self.report.verdict() {
            Status::Mismatch => Failure::new(
                Code::VerifiedDifferent,
                format!(
                    "the result is not the one that the chain proves: {}",
                    self.mismatch()
                ),
            )
            .hint(self.way_out()),
            Status::Unknown if all_wanted => match &self.failed {
                Some(failed) => failed.clone().of("the result cannot be verified"),
                None => Failure::new(
                    Code::NotVerified,
                    format!("the result is not verified in full: {}", self.unknown()),
                )
                .hint("-v shows all checks. Without --require-verified this is no failure."),
            },
            _ => return Ok(()),
        };
        Err(failure.with(self.json()))
    }

    /// What to do about a mismatch.
    fn way_out(&self) -> &'static str {
        let is = |id: CheckId| self.report.with(Status::Mismatch).all(|it| it.id == id);
        if is(CheckId::Beneficiary) {
            "Check the id of the task. If results for that address are yours, too, name it with --wallet-address."
        } else if is(CheckId::Encryption) {
            "Tell the operator of the workerpool: a result that should be sealed may be public."
        } else {
            "Do not use it. Download it again, from another gateway and through another node. If that does not help, tell the operator of the workerpool."
        }
    }

    fn mismatch(&self) -> String {
        let told = self.report.with(Status::Mismatch);
        let told: Vec<String> = told.map(|it| it.why.shown().into_owned()).collect();
        told.join("; ")
    }

    fn unknown(&self) -> String {
        let names = self.report.with(Status::Unknown).map(|it| it.id.in_words());
        let names: Vec<&str> = names.collect();
        let count = self.report.checks.len();
        let reason = self.failed.iter().map(|it| format!(" ({})", it.message()));
        format!(
            "{} of {count} checks hold; unknown: {}{}",
            count - names.len(),
            in_a_row(&names),
            reason.collect::<String>()
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
