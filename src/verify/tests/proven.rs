//! What is verified is so in every byte.

use super::sample::{Way, enclave, good, worker};
use crate::chain::poco::{ContributionCall, Id};
use crate::verify::*;

#[test]
fn a_result_that_all_is_right_with_is_verified() {
    for way in [Way::AtOnce, Way::InSteps] {
        let report = good(way).check();
        assert_eq!(report.verdict(), Status::Verified, "{report:#?}");
        assert_eq!(report.checks.len(), 9);
        let says_why = report.checks.iter().all(|check| !check.why.is_empty());
        assert!(says_why, "{report:#?}");
    }
}

#[test]
fn hashes_and_signatures_are_those_of_the_worked_example() {
    let mut evidence = good(Way::AtOnce);
    evidence.task.id = Id::from([0x11; 32]);
    evidence.task.consensus = evidence.task.id.result_hash(evidence.task.digest);
    let digest = "0x315f5bdb76d078c43b8ac0064e4a0164612b1fce77c869345bfc94c75894edd3";
    assert_eq!(evidence.task.digest.to_string(), digest);
    let address = "0x1563915e194D8CfBA1943570603F7606A3115508";
    assert_eq!(enclave().address().to_string(), address);
    let call = super::sample::call(&evidence, Way::InSteps, &enclave(), &enclave());
    let CallEvidence::Found { input, .. } = call else {
        panic!()
    };
    let call = ContributionCall::read(&input.0).unwrap();
    let signature = "0xf42825722c53ed85f3742b81dea73f520206bb2e87f5277c92cbc5fde2ae5fcf40c01cc6817e5b7515a54a8937f622ef1f7651050046ae3b12fa1cc6c78d47161b";
    assert_eq!(String::from(HexBytes(call.enclave_signature)), signature);
}

/// Evidence with one other byte is other evidence that is not verified, or none. What a check does not depend on is named
/// here, and in the book: names of files, and how many there are beside those that the digest is taken of.
#[test]
fn no_evidence_with_a_changed_byte_is_verified() {
    let not_proven = ["\"name\":\"result.txt\"", "\"others\":1", "\"below\":0"];
    for way in [Way::AtOnce, Way::InSteps] {
        let evidence = good(way);
        let text = serde_json::to_string(&evidence).unwrap();
        let spared: Vec<_> = not_proven
            .iter()
            .map(|part| {
                let at = text.find(part).unwrap();
                at..at + part.len()
            })
            .collect();
        let mut tried = 0;
        for at in 0..text.len() {
            if spared.iter().any(|range| range.contains(&at)) {
                continue;
            }
            for bit in [0, 2, 5] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = serde_json::from_slice::<Evidence>(&bytes) else {
                    continue;
                };
                // Other letter case, or a space for a space.
                if changed == evidence {
                    continue;
                }
                tried += 1;
                let report = changed.check();
                assert_ne!(
                    report.verdict(),
                    Status::Verified,
                    "{}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
        assert!(tried > 1000, "{tried}");
    }
}

/// Where a number of 32 or 20 bytes is changed that the workers, the enclave or the pool stand for, that is proven to be
/// wrong, and not only unknown.
#[test]
fn other_numbers_are_mismatches() {
    type Change = fn(&mut Evidence);
    let changes: [(&str, Change, CheckId); 9] = [
        (
            "digest",
            |it| it.task.digest = Id::from([1; 32]),
            CheckId::Digest,
        ),
        (
            "digest",
            |it| it.task.digest = Id::from([1; 32]),
            CheckId::Consensus,
        ),
        (
            "digest",
            |it| it.task.digest = Id::from([1; 32]),
            CheckId::Seal,
        ),
        (
            "consensus",
            |it| it.task.consensus = Id::ZERO,
            CheckId::Consensus,
        ),
        (
            "hash",
            |it| it.contributions[0].hash = Id::ZERO,
            CheckId::Consensus,
        ),
        (
            "seal",
            |it| it.contributions[0].seal = Id::ZERO,
            CheckId::Seal,
        ),
        ("deal", |it| it.task.deal = Id::ZERO, CheckId::Beneficiary),
        (
            "index",
            |it| it.task.index = "1".to_owned(),
            CheckId::Beneficiary,
        ),
        (
            "beneficiary",
            |it| it.beneficiary = Some(enclave().address()),
            CheckId::Beneficiary,
        ),
    ];
    assert_eq!(good(Way::AtOnce).beneficiary, Some(worker()));
    for (what, change, id) in changes {
        let mut evidence = good(Way::AtOnce);
        change(&mut evidence);
        let report = evidence.check();
        assert_eq!(report.verdict(), Status::Mismatch, "{what}");
        let found = report.with(Status::Mismatch).any(|check| check.id == id);
        assert!(found, "{what}: {report:#?}");
    }
}
