//! Whether what is here is what the task names.

use super::{Finding, NO_DEAL, mismatch, unknown, verified};
use crate::chain::poco::TaskResults;
use crate::verify::digest::Digests;
use crate::verify::evidence::{CidOutcome, Evidence, PlaintextEvidence};

/// The archive against the CID that the worker wrote. No enclave has signed that.
pub(in crate::verify) fn cid(evidence: &Evidence) -> Finding {
    let results = TaskResults::of(&evidence.task.results.0);
    let Some(location) = results.ipfs_location() else {
        return unknown("the task names no file in IPFS");
    };
    let held = evidence.cid.cid.as_deref();
    match &evidence.cid.outcome {
        CidOutcome::Unknown { why } => unknown(why.as_str()),
        _ if held.is_none_or(|cid| location != format!("/ipfs/{cid}")) => {
            unknown("the archive was compared with another CID than that of the task")
        }
        CidOutcome::Same => verified("the archive is the one that the task names"),
        CidOutcome::Different => mismatch("the archive is another one than the task names"),
    }
}

/// The files against the digest on the chain.
pub(in crate::verify) fn digest(evidence: &Evidence, files: &PlaintextEvidence) -> Finding {
    if !evidence.task.completed {
        return unknown("the task is not completed");
    }
    let Some(deal) = &evidence.deal else {
        return unknown(NO_DEAL);
    };
    if deal.has_callback || !evidence.task.callback_data.0.is_empty() {
        return unknown(
            "the digest of a task whose result goes to a contract is that of the contract's data, not of files",
        );
    }
    let plaintext = match files {
        PlaintextEvidence::Read(plaintext) => plaintext,
        PlaintextEvidence::Unknown { why } => return unknown(why.as_str()),
    };
    let file_count = plaintext.files.len() as u64;
    if file_count == 0 {
        return unknown("the digest is taken of no file at all");
    }
    let digests = Digests::of(plaintext);
    if !digests.have(evidence.task.digest) {
        return match digests.doubt {
            Some(doubt) => unknown(format!(
                "the files have another digest than the chain, but {doubt}"
            )),
            None => mismatch("the files have another digest than the chain"),
        };
    }
    let left_out = plaintext.others + plaintext.below;
    let it_is = match file_count {
        1 => format!("of {:?}", plaintext.files[0].name),
        count => format!("of {count} files"),
    };
    verified(match left_out {
        0 => format!("the digest {it_is}, all there are, is that on the chain"),
        1 => format!("the digest {it_is} is that on the chain; 1 other file is in no digest"),
        left_out => format!(
            "the digest {it_is} is that on the chain; {left_out} other files are in no digest"
        ),
    })
}
