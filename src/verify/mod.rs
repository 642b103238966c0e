//! What is proven of a result: evidence in, checks out.
//!
//! Nothing here asks anybody: [`crate::task`] gathers the evidence. A check that cannot be made is unknown, never
//! passed. What no check can prove is in the book: that the enclave's key was in an attested enclave, names of files,
//! and files that the digest is not taken of.

mod check;
mod checks;
mod digest;
mod digester;
mod evidence;
mod evidence_file;
mod hex_bytes;
mod plaintext;
mod plan;

#[cfg(test)]
mod tests;

pub use check::{Check, CheckId, Report, Status};
pub use digester::Digester;
pub use evidence::{
    CallEvidence, CidEvidence, CidOutcome, ContributionEvidence, DealEvidence, Evidence, Form,
    PlaintextEvidence, Seen, SeenCall, TaskEvidence,
};
pub use evidence_file::{EvidenceFile, EvidenceFileError};
pub use hex_bytes::HexBytes;
pub use plaintext::{HashedFile, Plaintext};
pub use plan::{COMPUTED_JSON, EntryFacts, Plan};

impl Evidence {
    /// Makes all checks.
    pub fn check(&self) -> Report {
        let checks = CheckId::ALL.map(|id| {
            let (status, why) = checks::finding(self, id);
            Check { id, status, why }
        });
        Report {
            checks: checks.into(),
        }
    }

    /// The report with `files` in the place of those in the evidence, which `report` is of. Only the check that looks at
    /// files is made anew: others cost signatures.
    pub fn check_files(&self, report: &Report, files: &PlaintextEvidence) -> Report {
        let mut report = report.clone();
        let digest = report.checks.iter_mut();
        for check in digest.filter(|it| it.id == CheckId::Digest) {
            (check.status, check.why) = checks::digest(self, files);
        }
        report
    }
}
