//! An answer to a write got lost, after the value was stored or before.

use super::*;

use crate::support::sms::{Fault, Text};

/// The ways to lose an answer that cost no time; whether the value is stored first is up to the test.
fn quick() -> Vec<fn(bool) -> Fault> {
    vec![
        Fault::Reset,
        Fault::Close,
        Fault::CutHead,
        Fault::NotHttp,
        |stores| Fault::Answer(stores, 500, "", Text::Short("")),
        |stores| Fault::Answer(stores, 502, "", Text::Short("Bad Gateway")),
        |stores| Fault::Answer(stores, 503, "", Text::Short("")),
        |stores| Fault::Answer(stores, 504, "", Text::Cut("Gateway")),
    ]
}

/// The ways that end with the limit of time.
fn slow() -> Vec<fn(bool) -> Fault> {
    vec![Fault::Hang, Fault::SlowHead]
}

fn all() -> impl Iterator<Item = (fn(bool) -> Fault, HttpOptions)> {
    let quick = quick().into_iter().map(|fault| (fault, patient()));
    quick.chain(slow().into_iter().map(|fault| (fault, impatient())))
}

#[test]
fn a_new_value_that_was_stored_is_found() {
    for (fault, options) in all() {
        let fault = fault(true);
        let sms = Sms::failing([Fault::None, fault.clone()]);
        let pushed = Pusher::with(&sms.url(), options).push();
        assert_eq!(pushed.unwrap(), INFERRED, "{fault:?}");
        assert_eq!(sms.methods(), "HEAD POST HEAD", "{fault:?}");
        assert_eq!(stored(&sms).as_deref(), Some(VALUE), "{fault:?}");
    }
}

#[test]
fn a_new_value_that_was_not_stored_is_sent_again() {
    for (fault, options) in all() {
        let fault = fault(false);
        let sms = Sms::failing([Fault::None, fault.clone()]);
        let pushed = Pusher::with(&sms.url(), options).push();
        assert_eq!(pushed.unwrap(), CREATED, "{fault:?}");
        assert_eq!(sms.methods(), "HEAD POST HEAD POST", "{fault:?}");
        assert_eq!(stored(&sms).as_deref(), Some(VALUE), "{fault:?}");
    }
}

#[test]
fn a_forced_update_is_sent_until_it_is_confirmed() {
    for (fault, options) in all() {
        for stores in [false, true] {
            let fault = fault(stores);
            let sms = Sms::failing([Fault::None, fault.clone()]);
            sms.store(OWNER, NAME, THEIRS);
            let pusher = Pusher::with(&sms.url(), options.clone()).force_update();
            assert_eq!(pusher.push().unwrap(), UPDATED, "{fault:?}");
            assert_eq!(sms.methods(), "HEAD PUT PUT", "{fault:?}");
            assert_eq!(stored(&sms).as_deref(), Some(VALUE), "{fault:?}");
        }
    }
}

#[test]
fn a_forced_first_value_is_confirmed_by_an_update() {
    for fault in quick() {
        let fault = fault(true);
        let sms = Sms::failing([Fault::None, fault.clone()]);
        let pushed = Pusher::of(&sms).force_update().push();
        assert_eq!(pushed.unwrap(), CREATED, "{fault:?}");
        assert_eq!(sms.methods(), "HEAD POST HEAD PUT", "{fault:?}");
        assert_eq!(stored(&sms).as_deref(), Some(VALUE), "{fault:?}");
    }
}

#[test]
fn a_question_is_asked_again() {
    for (fault, options) in all() {
        let fault = fault(false);
        if matches!(fault, Fault::NotHttp(_)) {
            continue;
        }
        let sms = Sms::failing([fault.clone()]);
        let pusher = Pusher::with(&sms.url(), options);
        assert_eq!(pusher.push().unwrap(), CREATED, "{fault:?}");
        assert_eq!(sms.methods(), "HEAD HEAD POST", "{fault:?}");
        assert!(pusher.client.exists(owner(), NAME).unwrap());
    }
}

#[test]
fn a_question_that_is_never_answered_leaves_nothing_behind() {
    for fault in quick() {
        let fault = fault(false);
        let sms = Sms::failing_for_ever([], fault.clone());
        let pusher = Pusher::of(&sms);
        let error = pusher.fails();
        assert!(
            !matches!(error, SmsError::Unknown { .. }),
            "{fault:?}: {error}"
        );
        assert_eq!(error.kind(), Kind::Unreachable, "{fault:?}");
        let attempts = if matches!(fault, Fault::NotHttp(_)) {
            1
        } else {
            3
        };
        assert_eq!(sms.requests().len(), attempts, "{fault:?}");
        assert!(
            sms.requests()
                .iter()
                .all(|request| request.method == "HEAD")
        );
        pusher.client.exists(owner(), NAME).unwrap_err();
    }
}

/// Questions are answered, writes never.
fn mute_to_writes(fault: &Fault) -> Sms {
    let turns = [Fault::None, fault.clone()];
    Sms::failing(turns.iter().cycle().take(20).cloned())
}

#[test]
fn a_server_that_fails_and_says_so_has_stored_nothing() {
    for status in [500, 503] {
        let sms = mute_to_writes(&Fault::status(status));
        let error = Pusher::of(&sms).fails();
        let named = match error {
            SmsError::Server { status, .. } => status,
            SmsError::Maintenance { .. } => 503,
            other => panic!("{other}"),
        };
        assert_eq!(named, status);
        assert_eq!(sms.methods(), "HEAD POST HEAD POST HEAD POST HEAD");
        assert_eq!(stored(&sms), None);
    }
}

#[test]
fn a_server_that_never_answers_a_write_may_still_store_it() {
    for fault in [Fault::Reset, Fault::Close, Fault::CutHead, Fault::NotHttp] {
        let sms = mute_to_writes(&fault(false));
        let error = Pusher::of(&sms).fails();
        assert!(
            matches!(error, SmsError::Unknown { .. }),
            "{fault:?}: {error}"
        );
        assert_eq!(error.kind(), Kind::Unreachable);
    }
    let sms = mute_to_writes(&Fault::status(502));
    let error = Pusher::of(&sms).fails();
    assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("502"), "{error}");
}

#[test]
fn a_forced_update_that_is_never_confirmed_is_unknown() {
    for stores in [false, true] {
        let fault = Fault::Answer(stores, 500, "", Text::Short(""));
        let sms = Sms::failing_for_ever([Fault::None, fault.clone(), fault.clone()], fault);
        sms.store(OWNER, NAME, THEIRS);
        let error = Pusher::of(&sms).force_update().fails();
        assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
        assert_eq!(sms.methods(), "HEAD PUT PUT PUT HEAD");
        let there = if stores { VALUE } else { THEIRS };
        assert_eq!(stored(&sms).as_deref(), Some(there));
    }
}

#[test]
fn that_there_is_a_value_confirms_no_update() {
    let fault = Fault::status(500);
    let sms = Sms::failing([Fault::None, fault.clone(), fault.clone(), fault]);
    sms.store(OWNER, NAME, THEIRS);
    let error = Pusher::of(&sms).force_update().fails();
    assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
    assert_eq!(sms.methods(), "HEAD PUT PUT PUT HEAD");
    assert_eq!(stored(&sms).as_deref(), Some(THEIRS));
}

#[test]
fn a_server_that_is_gone_after_a_write_leaves_it_unknown() {
    for stores in [false, true] {
        let sms = Sms::failing([Fault::None, Fault::Vanish(stores)]);
        let error = Pusher::of(&sms).fails();
        assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
        assert_eq!(stored(&sms).is_some(), stores);
    }
}

#[test]
fn a_refusal_after_a_lost_answer_does_not_hide_that_it_was_stored() {
    for status in [400, 401, 403, 405, 413, 429] {
        let lost = [Fault::None, Fault::Reset(false), Fault::None];
        let sms = Sms::failing(lost.into_iter().chain([Fault::status(status)]));
        let error = match Pusher::of(&sms).push() {
            // It takes requests again.
            Ok(CREATED) if status == 429 => continue,
            other => other.unwrap_err(),
        };
        assert!(
            matches!(error, SmsError::Unknown { .. }),
            "{status}: {error}"
        );
    }
}

#[test]
fn what_others_store_while_an_answer_is_lost_is_not_overwritten() {
    let theirs = Fault::Meanwhile(OWNER, NAME, THEIRS);
    let sms = Sms::failing([Fault::None, Fault::Reset(false), theirs]);
    // That a value is there is all that can be told, and it is told so.
    assert_eq!(Pusher::of(&sms).push().unwrap(), INFERRED);
    assert_eq!(stored(&sms).as_deref(), Some(THEIRS));
}

#[test]
fn the_time_for_everything_is_limited() {
    let mut options = patient();
    options.limits.read = Duration::from_secs(3600);
    options.limits.total = Duration::from_millis(500);
    let sms = Sms::failing_for_ever([], Fault::Hang(false));
    let error = Pusher::with(&sms.url(), options.clone()).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::Timeout { .. })),
        "{error}"
    );
    assert_eq!(sms.methods(), "HEAD");

    // After a write nothing is known then.
    options.limits.total = Duration::from_secs(2);
    let sms = Sms::failing([Fault::None, Fault::Hang(true)]);
    let error = Pusher::with(&sms.url(), options).fails();
    assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}
