//! The checks.

mod archive;
mod deal;
mod enclave;
mod workers;

use super::check::{CheckId, Status};
use super::evidence::{ContributionEvidence, Evidence};

pub(super) use archive::digest;

const NO_DEAL: &str = "the deal is not known";

/// How a check went, and why.
pub(super) type Finding = (Status, String);

pub(super) fn finding(evidence: &Evidence, id: CheckId) -> Finding {
    let check = match id {
        CheckId::Cid => archive::cid,
        CheckId::Digest => |evidence: &Evidence| digest(evidence, &evidence.plaintext),
        CheckId::Consensus => workers::consensus,
        CheckId::Seal => workers::seal,
        CheckId::Tee => enclave::tee,
        CheckId::EnclaveSignature => enclave::signature,
        CheckId::Authorisation => enclave::authorisation,
        CheckId::Beneficiary => deal::beneficiary,
        CheckId::Encryption => deal::encryption,
    };
    check(evidence)
}

fn verified(why: impl Into<String>) -> Finding {
    (Status::Verified, why.into())
}

fn mismatch(why: impl Into<String>) -> Finding {
    (Status::Mismatch, why.into())
}

fn unknown(why: impl Into<String>) -> Finding {
    (Status::Unknown, why.into())
}

/// The finding for all contributions that count: that of the worst, or `all` where each is verified.
fn of_all(
    evidence: &Evidence,
    all: &str,
    check: impl Fn(&ContributionEvidence) -> Finding,
) -> Finding {
    if !evidence.task.completed {
        return unknown("the task is not completed");
    }
    let known: Vec<_> = evidence.contributions.iter().map(|it| it.worker).collect();
    if known.is_empty() || known != evidence.task.contributors {
        return unknown("not all contributions to the task are known");
    }
    let counting = evidence.contributions.iter().filter(|it| it.is_proved());
    let findings: Vec<_> = counting.map(check).collect();
    if findings.is_empty() {
        return unknown("no contribution to the task counts");
    }
    for bad in [Status::Mismatch, Status::Unknown] {
        if let Some(found) = findings.iter().find(|(status, _)| *status == bad) {
            return found.clone();
        }
    }
    verified(all)
}
