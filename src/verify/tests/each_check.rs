//! For each check, evidence that is wrong in that way alone, and evidence that it cannot tell of.

use super::sample::{Key, Way, call, enclave, file, good, owner, sha256, worker};
use crate::chain::poco::ContributionStatus;
use crate::verify::*;
use crate::wallet::address::Address;

/// The checks that are not verified.
fn bad(evidence: &Evidence) -> Vec<(CheckId, Status)> {
    let report = evidence.check();
    let bad = report.checks.iter();
    bad.filter(|check| check.status != Status::Verified)
        .map(|check| (check.id, check.status))
        .collect()
}

#[track_caller]
fn only(evidence: &Evidence, id: CheckId, status: Status) {
    assert_eq!(bad(evidence), [(id, status)], "{:#?}", evidence.check());
}

fn deal(evidence: &mut Evidence) -> &mut DealEvidence {
    evidence.deal.as_mut().unwrap()
}

fn plaintext(evidence: &mut Evidence) -> &mut Plaintext {
    match &mut evidence.plaintext {
        PlaintextEvidence::Read(plaintext) => plaintext,
        PlaintextEvidence::Unknown { .. } => panic!(),
    }
}

#[test]
fn files_that_come_later_are_held_against_all_that_was_known_before() {
    let right = good(Way::AtOnce);
    let mut wrong = right.clone();
    plaintext(&mut wrong).files[0].sha256 = sha256(b"another");
    let mut other = right.clone();
    other.cid.outcome = CidOutcome::Different;
    for evidence in [&right, &wrong, &other] {
        let why = "nothing was read yet".to_owned();
        let before = Evidence {
            plaintext: PlaintextEvidence::Unknown { why },
            ..evidence.clone()
        };
        let report = before.check();
        assert!(
            report
                .checks
                .iter()
                .any(|it| it.id == CheckId::Digest && it.status == Status::Unknown)
        );
        assert_eq!(
            before.check_files(&report, &evidence.plaintext),
            evidence.check()
        );
    }
}

#[test]
fn another_archive_is_told_by_its_cid() {
    let mut evidence = good(Way::AtOnce);
    evidence.cid.outcome = CidOutcome::Different;
    only(&evidence, CheckId::Cid, Status::Mismatch);
    let why = || "it was added in another way".to_owned();
    evidence.cid.outcome = CidOutcome::Unknown { why: why() };
    only(&evidence, CheckId::Cid, Status::Unknown);
    // One that was held against another CID is not the task's.
    evidence.cid.outcome = CidOutcome::Same;
    evidence.cid.cid = Some("Qm".to_owned());
    only(&evidence, CheckId::Cid, Status::Unknown);
    evidence.cid.cid = None;
    only(&evidence, CheckId::Cid, Status::Unknown);
}

#[test]
fn another_file_is_told_by_the_digest() {
    let mut evidence = good(Way::AtOnce);
    plaintext(&mut evidence).files = vec![file("result.txt", "Hello, world?")];
    only(&evidence, CheckId::Digest, Status::Mismatch);
    plaintext(&mut evidence).files = vec![file("result.txt", "")];
    only(&evidence, CheckId::Digest, Status::Unknown);
    plaintext(&mut evidence).files.clear();
    only(&evidence, CheckId::Digest, Status::Unknown);
    let why = String::new();
    evidence.plaintext = PlaintextEvidence::Unknown { why };
    only(&evidence, CheckId::Digest, Status::Unknown);

    let mut evidence = good(Way::AtOnce);
    deal(&mut evidence).has_callback = true;
    only(&evidence, CheckId::Digest, Status::Unknown);
    let mut evidence = good(Way::InSteps);
    evidence.task.callback_data = HexBytes(vec![1]);
    only(&evidence, CheckId::Digest, Status::Unknown);
}

#[test]
fn a_task_that_is_not_what_its_worker_sent_is_no_consensus() {
    let mut evidence = good(Way::AtOnce);
    evidence.task.results.0.push(b' ');
    only(&evidence, CheckId::Consensus, Status::Mismatch);
    let mut evidence = good(Way::AtOnce);
    evidence.contributions[0].hash = evidence.task.id;
    only(&evidence, CheckId::Consensus, Status::Mismatch);
    // In steps, whoever ends the task says where the result is.
    let mut evidence = good(Way::InSteps);
    evidence.task.results.0.push(b' ');
    assert_eq!(bad(&evidence), []);
}

#[test]
fn the_seal_of_another_worker_is_told() {
    let mut evidence = good(Way::AtOnce);
    let digest = evidence.task.digest;
    evidence.contributions[0].seal = evidence.task.id.result_seal(owner().address(), digest);
    only(&evidence, CheckId::Seal, Status::Mismatch);
}

#[test]
fn a_contribution_without_an_enclave_is_told() {
    let mut evidence = good(Way::AtOnce);
    evidence.contributions[0].enclave = Address::from([0; 20]);
    evidence.contributions[0].call = call(&evidence, Way::AtOnce, &enclave(), &owner());
    let nobody_signed = (CheckId::EnclaveSignature, Status::Unknown);
    let expected = [(CheckId::Tee, Status::Mismatch), nobody_signed];
    assert_eq!(bad(&evidence), expected);
    deal(&mut evidence).asks_for_enclave = false;
    let expected = [(CheckId::Tee, Status::Unknown), nobody_signed];
    assert_eq!(bad(&evidence), expected);
}

#[test]
fn the_signature_of_another_key_is_told() {
    let mut evidence = good(Way::AtOnce);
    evidence.contributions[0].call = call(&evidence, Way::AtOnce, &Key::of(1), &owner());
    only(&evidence, CheckId::EnclaveSignature, Status::Mismatch);
}

#[test]
fn the_authorisation_of_a_stranger_is_told() {
    for way in [Way::AtOnce, Way::InSteps] {
        let mut evidence = good(way);
        evidence.contributions[0].call = call(&evidence, way, &enclave(), &Key::of(1));
        only(&evidence, CheckId::Authorisation, Status::Mismatch);
        // Contracts have no key that could have signed.
        deal(&mut evidence).contracts = vec![owner().address()];
        only(&evidence, CheckId::Authorisation, Status::Unknown);
        deal(&mut evidence).contracts = vec![worker()];
        only(&evidence, CheckId::Authorisation, Status::Mismatch);
    }
}

#[test]
fn a_broker_authorises_workers_with_enclaves() {
    let broker = Key::of(0x44);
    let mut evidence = good(Way::AtOnce);
    deal(&mut evidence).tee_broker = Some(broker.address());
    // It may have been set since.
    only(&evidence, CheckId::Authorisation, Status::Unknown);
    evidence.contributions[0].call = call(&evidence, Way::AtOnce, &enclave(), &broker);
    assert_eq!(bad(&evidence), []);
    deal(&mut evidence).tee_broker = None;
    only(&evidence, CheckId::Authorisation, Status::Mismatch);

    // Without an enclave it is the owner all the same.
    let mut evidence = good(Way::AtOnce);
    deal(&mut evidence).tee_broker = Some(broker.address());
    deal(&mut evidence).asks_for_enclave = false;
    evidence.contributions[0].enclave = Address::from([0; 20]);
    evidence.contributions[0].call = call(&evidence, Way::AtOnce, &enclave(), &owner());
    let said = evidence.check();
    let authorised = said.with(Status::Verified);
    assert!(
        authorised
            .into_iter()
            .any(|it| it.id == CheckId::Authorisation)
    );
}

#[test]
fn without_the_call_both_signatures_are_unknown() {
    let missing = [
        (CheckId::EnclaveSignature, Status::Unknown),
        (CheckId::Authorisation, Status::Unknown),
    ];
    let mut evidence = good(Way::AtOnce);
    let why = "the node has no such logs".to_owned();
    evidence.contributions[0].call = CallEvidence::NotFound { why };
    assert_eq!(bad(&evidence), missing);

    // Of another task, enclave or digest alone; that of another digest at once is no consensus, either.
    let another_task = |it: &mut Evidence| it.task.id = it.task.deal;
    let another_enclave = |it: &mut Evidence| it.contributions[0].enclave = owner().address();
    let another_digest = |it: &mut Evidence| it.task.digest = it.task.deal;
    type Change = fn(&mut Evidence);
    let changes: [(Change, Way); 5] = [
        (another_task, Way::AtOnce),
        (another_task, Way::InSteps),
        (another_enclave, Way::AtOnce),
        (another_enclave, Way::InSteps),
        (another_digest, Way::InSteps),
    ];
    for (change, way) in changes {
        let (mut evidence, mut other) = (good(way), good(way));
        change(&mut other);
        evidence.contributions[0].call = call(&other, way, &enclave(), &owner());
        assert_eq!(bad(&evidence), missing);
    }
    // By another sender, or none that can be read.
    let others = [
        CallEvidence::Found {
            sender: owner().address(),
            input: HexBytes(vec![1, 2, 3, 4]),
        },
        CallEvidence::Found {
            sender: worker(),
            input: HexBytes(vec![]),
        },
    ];
    for call in others {
        let mut evidence = good(Way::AtOnce);
        evidence.contributions[0].call = call;
        assert_eq!(bad(&evidence), missing);
    }
    let mut evidence = good(Way::AtOnce);
    if let CallEvidence::Found { sender, .. } = &mut evidence.contributions[0].call {
        *sender = owner().address();
    }
    assert_eq!(bad(&evidence), missing);
}

#[test]
fn contributions_that_are_missing_leave_it_unknown() {
    let of_workers = [
        CheckId::Consensus,
        CheckId::Seal,
        CheckId::Tee,
        CheckId::EnclaveSignature,
        CheckId::Authorisation,
    ]
    .map(|id| (id, Status::Unknown));
    let mut evidence = good(Way::AtOnce);
    evidence.task.contributors.push(owner().address());
    assert_eq!(bad(&evidence), of_workers);
    let mut evidence = good(Way::AtOnce);
    evidence.contributions[0].status = ContributionStatus::Contributed;
    assert_eq!(bad(&evidence), of_workers);
    let mut evidence = good(Way::AtOnce);
    evidence.contributions.clear();
    evidence.task.contributors.clear();
    assert_eq!(bad(&evidence), of_workers);
    let mut evidence = good(Way::AtOnce);
    evidence.task.completed = false;
    let digest = [(CheckId::Digest, Status::Unknown)];
    assert_eq!(bad(&evidence), [&digest[..], &of_workers].concat());
}

#[test]
fn a_contribution_that_does_not_count_is_not_looked_at() {
    let mut evidence = good(Way::InSteps);
    let mut other = evidence.contributions[0].clone();
    other.worker = owner().address();
    other.hash = evidence.task.id;
    other.status = ContributionStatus::Rejected;
    evidence.task.contributors.push(other.worker);
    evidence.contributions.push(other);
    assert_eq!(bad(&evidence), []);
    evidence.contributions[1].status = ContributionStatus::Proved;
    assert!(bad(&evidence).contains(&(CheckId::Consensus, Status::Mismatch)));
}

#[test]
fn a_deal_for_another_is_told() {
    let mut evidence = good(Way::AtOnce);
    deal(&mut evidence).beneficiary = owner().address();
    only(&evidence, CheckId::Beneficiary, Status::Mismatch);
    evidence.beneficiary = None;
    only(&evidence, CheckId::Beneficiary, Status::Unknown);
}

#[test]
fn what_is_open_where_it_should_be_sealed_is_told() {
    let is = |asked, form, is_cid: bool, expected: &[(CheckId, Status)]| {
        let mut evidence = good(Way::AtOnce);
        deal(&mut evidence).asks_for_encryption = asked;
        evidence.form = form;
        if !is_cid {
            let why = String::new();
            evidence.cid.outcome = CidOutcome::Unknown { why };
        }
        let is = bad(&evidence);
        let is: Vec<_> = is.iter().filter(|it| it.0 != CheckId::Cid).collect();
        assert_eq!(is, expected.iter().collect::<Vec<_>>(), "{asked} {form:?}");
    };
    let mismatch = [(CheckId::Encryption, Status::Mismatch)];
    is(true, Form::Plain, true, &mismatch);
    is(true, Form::Plain, false, &mismatch);
    is(true, Form::Opened, true, &mismatch);
    is(
        true,
        Form::Opened,
        false,
        &[(CheckId::Encryption, Status::Unknown)],
    );
    is(false, Form::Sealed, true, &mismatch);
    is(false, Form::Plain, true, &[]);
    is(false, Form::Opened, false, &[]);
}

#[test]
fn without_the_deal_all_about_it_is_unknown() {
    let mut evidence = good(Way::AtOnce);
    evidence.deal = None;
    let unknown = [
        CheckId::Digest,
        CheckId::Tee,
        CheckId::Authorisation,
        CheckId::Beneficiary,
        CheckId::Encryption,
    ];
    assert_eq!(bad(&evidence), unknown.map(|id| (id, Status::Unknown)));
}

#[test]
fn a_verdict_is_that_of_the_worst_check() {
    let mut evidence = good(Way::AtOnce);
    evidence.cid.outcome = CidOutcome::Different;
    evidence.beneficiary = None;
    assert_eq!(evidence.check().verdict(), Status::Mismatch);
    evidence.cid.outcome = CidOutcome::Same;
    assert_eq!(evidence.check().verdict(), Status::Unknown);
    let nothing = Report { checks: vec![] };
    assert_eq!(nothing.verdict(), Status::Unknown);
}

#[test]
fn checks_and_outcomes_have_the_words_of_the_book() {
    let names = CheckId::ALL.map(CheckId::name).join(" ");
    let expected =
        "cid digest consensus seal tee enclaveSignature authorisation beneficiary encryption";
    assert_eq!(names, expected);
    let words = CheckId::ALL.map(CheckId::in_words).join(", ");
    let expected = "CID, digest, consensus, seal, enclave, enclave signature, authorisation, beneficiary, encryption";
    assert_eq!(words, expected);
    let outcomes = [Status::Verified, Status::Mismatch, Status::Unknown];
    let outcomes = outcomes.map(Status::name).join(" ");
    assert_eq!(outcomes, "verified mismatch unknown");
}
