//! Whether the workers stand for the digest.

use super::{Finding, mismatch, of_all, verified};
use crate::chain::poco::{ContributionCall, Said};
use crate::verify::check::Status;
use crate::verify::evidence::{CallEvidence, Evidence};

/// The digest against the hash that the workers agree on, and that of each who counts.
pub(in crate::verify) fn consensus(evidence: &Evidence) -> Finding {
    let task = &evidence.task;
    let expected = task.id.result_hash(task.digest);
    if task.completed && expected != task.consensus {
        return mismatch("the workers agreed on another digest than the task has");
    }
    let all = match evidence.contributions.len() {
        0 | 1 => "the worker contributed the digest that the task has",
        _ => "the workers that count agreed on the digest that the task has",
    };
    of_all(evidence, all, |it| {
        if it.hash != expected {
            return mismatch(format!(
                "the worker {} contributed another digest",
                it.worker
            ));
        }
        let said = match &it.call {
            CallEvidence::Found { input, .. } => ContributionCall::read(&input.0),
            CallEvidence::NotFound { .. } => None,
        };
        match said.map(|call| call.said) {
            Some(Said::Everything {
                digest,
                results,
                callback_data,
            }) if digest != task.digest
                || results != task.results.0
                || callback_data != task.callback_data.0 =>
            {
                mismatch(format!(
                    "the task has another result than the worker {} sent",
                    it.worker
                ))
            }
            _ => verified(""),
        }
    })
}

/// The digest against the seal of each who counts.
pub(in crate::verify) fn seal(evidence: &Evidence) -> Finding {
    let task = &evidence.task;
    let all = match evidence.contributions.len() {
        0 | 1 => "the worker's seal is that of this digest",
        _ => "the seals of the workers that count are those of this digest",
    };
    of_all(evidence, all, |it| {
        match task.id.result_seal(it.worker, task.digest) == it.seal {
            true => (Status::Verified, String::new()),
            false => mismatch(format!(
                "the seal of the worker {} is not of this digest",
                it.worker
            )),
        }
    })
}
