//! Whether the result is what the deal asks for.

use super::{Finding, NO_DEAL, mismatch, unknown, verified};
use crate::chain::poco::U256;
use crate::verify::evidence::{CidOutcome, Evidence, Form};

/// The beneficiary of the deal that the task is of.
pub(in crate::verify) fn beneficiary(evidence: &Evidence) -> Finding {
    let Some(deal) = &evidence.deal else {
        return unknown(NO_DEAL);
    };
    let task = &evidence.task;
    let index: Option<U256> = task.index.parse().ok();
    if index.map(|index| task.deal.task(index)) != Some(task.id) {
        return mismatch("the task is not one of the deal");
    }
    match evidence.beneficiary {
        Some(expected) if expected == deal.beneficiary => {
            verified(format!("the deal is for {expected}"))
        }
        Some(expected) => mismatch(format!(
            "the deal is for {}, not for {expected}",
            deal.beneficiary
        )),
        None => unknown(format!(
            "the deal is for {}, and whom it should be for is not known",
            deal.beneficiary
        )),
    }
}

/// A sealed archive where one is asked for, and only there.
pub(in crate::verify) fn encryption(evidence: &Evidence) -> Finding {
    let Some(deal) = &evidence.deal else {
        return unknown(NO_DEAL);
    };
    let is_public = evidence.form == Form::Plain
        || (evidence.form == Form::Opened && evidence.cid.outcome == CidOutcome::Same);
    match (deal.asks_for_encryption, evidence.form) {
        (true, _) if is_public => {
            mismatch("the deal asks for a sealed archive, and this one is not sealed")
        }
        (true, Form::Sealed) => verified("the deal asks for a sealed archive, and it is sealed"),
        (true, _) => {
            unknown("of a result that is decrypted already it is not known whether it was sealed")
        }
        (false, Form::Sealed) => {
            mismatch("the deal asks for no sealed archive, but this one is sealed")
        }
        (false, _) => verified("the deal asks for no sealed archive, and it is not sealed"),
    }
}
