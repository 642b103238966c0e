//! Whether an enclave stands for the digest, and the workerpool for the enclave.

use super::{Finding, NO_DEAL, mismatch, of_all, unknown, verified};
use crate::chain::poco::{ContributionCall, Id, Said};
use crate::verify::evidence::{CallEvidence, ContributionEvidence, DealEvidence, Evidence};
use crate::wallet::address::Address;
use crate::wallet::eip191::eip191_digest;
use crate::wallet::signed_by;

/// An enclave where the deal asks for one.
pub(in crate::verify) fn tee(evidence: &Evidence) -> Finding {
    match &evidence.deal {
        None => return unknown(NO_DEAL),
        Some(deal) if !deal.asks_for_enclave => {
            return unknown(
                "the deal asks for no enclave, so only the worker vouches for the result",
            );
        }
        Some(_) => {}
    }
    of_all(
        evidence,
        "the deal asks for an enclave, and one contributed",
        |it| match it.has_enclave() {
            true => verified(""),
            false => mismatch(format!(
                "the deal asks for an enclave, and the worker {} contributed without one",
                it.worker
            )),
        },
    )
}

/// The enclave's signature of the digest.
pub(in crate::verify) fn signature(evidence: &Evidence) -> Finding {
    let all = "the enclave's key has signed this digest for this worker and task";
    of_all(evidence, all, |it| {
        if !it.has_enclave() {
            return unknown("no enclave contributed, so none has signed");
        }
        let call = match call(evidence, it) {
            Ok(call) => call,
            Err(finding) => return finding,
        };
        let task = &evidence.task;
        let hash = task.id.result_hash(task.digest);
        let message = hash.enclave_message(task.id.result_seal(it.worker, task.digest));
        match signer(&call.enclave_signature, message) == Some(it.enclave) {
            true => verified(""),
            false => mismatch("the signature of the digest is not of the enclave's key"),
        }
    })
}

/// The signature by which the workerpool has a worker contribute with an enclave.
pub(in crate::verify) fn authorisation(evidence: &Evidence) -> Finding {
    let Some(deal) = &evidence.deal else {
        return unknown(NO_DEAL);
    };
    let all = "the workerpool has authorised the worker, and its enclave's key, for this task";
    of_all(evidence, all, |it| {
        let call = match call(evidence, it) {
            Ok(call) => call,
            Err(finding) => return finding,
        };
        let message = evidence.task.id.authorisation(it.worker, it.enclave);
        by_whom(deal, it, signer(&call.authorisation, message))
    })
}

fn by_whom(deal: &DealEvidence, it: &ContributionEvidence, signer: Option<Address>) -> Finding {
    let expected = match deal.tee_broker {
        Some(broker) if it.has_enclave() => broker,
        _ => deal.workerpool_owner,
    };
    if signer == Some(expected) {
        return verified("");
    }
    if deal.contracts.contains(&expected) {
        return unknown(format!(
            "{expected}, who authorises workers, is a contract, which signs in its own way"
        ));
    }
    if signer == Some(deal.workerpool_owner) {
        return unknown(
            "the workerpool's owner has authorised the worker, and another one does so today",
        );
    }
    mismatch(format!(
        "the worker {} is not authorised by {expected}, who authorises workers",
        it.worker
    ))
}

/// The call by which a contribution came, if it is the one.
fn call(evidence: &Evidence, it: &ContributionEvidence) -> Result<ContributionCall, Finding> {
    let (sender, input) = match &it.call {
        CallEvidence::Found { sender, input } => (sender, input),
        CallEvidence::NotFound { why } => return Err(unknown(why.as_str())),
    };
    let Some(call) = ContributionCall::read(&input.0) else {
        return Err(unknown("the call that contributed cannot be read"));
    };
    let hashes_fit = match &call.said {
        Said::Hashes { hash, seal } => (*hash, *seal) == (it.hash, it.seal),
        Said::Everything { digest, .. } => *digest == evidence.task.digest,
    };
    let is_of_it = call.task == evidence.task.id && *sender == it.worker;
    if !is_of_it || !hashes_fit || call.enclave != it.enclave {
        return Err(unknown(
            "the call that was found is not the one that contributed",
        ));
    }
    Ok(call)
}

fn signer(signature: &[u8], message: Id) -> Option<Address> {
    signed_by(signature, &eip191_digest(message.as_bytes()))
}
