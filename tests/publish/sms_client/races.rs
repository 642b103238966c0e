//! Somebody else publishes for the same owner meanwhile, or the database of the SMS fails.

use super::*;

use crate::support::sms::Fault;

fn meanwhile() -> Fault {
    Fault::Meanwhile(OWNER, NAME, THEIRS)
}

#[test]
fn another_came_first() {
    let sms = Sms::failing([Fault::None, meanwhile()]);
    let error = Pusher::of(&sms).fails();
    assert!(
        matches!(error, SmsError::AlreadyPublished { .. }),
        "{error}"
    );
    assert_eq!(sms.methods(), "HEAD POST HEAD");
    assert_eq!(stored(&sms).as_deref(), Some(THEIRS));
}

#[test]
fn another_came_first_and_an_update_is_forced() {
    let sms = Sms::failing([Fault::None, meanwhile()]);
    assert_eq!(Pusher::of(&sms).force_update().push().unwrap(), UPDATED);
    assert_eq!(sms.methods(), "HEAD POST PUT");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

#[test]
fn what_was_there_is_gone() {
    let sms = Sms::failing([Fault::status(204)]);
    assert_eq!(Pusher::of(&sms).force_update().push().unwrap(), CREATED);
    assert_eq!(sms.methods(), "HEAD PUT POST");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

#[test]
fn a_failing_database_is_no_published_key() {
    let sms = Sms::failing([Fault::None, Fault::status(409)]);
    assert_eq!(Pusher::of(&sms).push().unwrap(), CREATED);
    assert_eq!(sms.methods(), "HEAD POST HEAD POST");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

#[test]
fn a_database_that_stays_broken_is_named() {
    for force_update in [false, true] {
        let well_questions = [Fault::None, Fault::status(409), Fault::None];
        let sms = Sms::failing_for_ever(well_questions, Fault::status(409));
        let mut pusher = Pusher::of(&sms);
        pusher.force_update = force_update;
        let error = pusher.fails();
        assert!(matches!(error, SmsError::Conflict), "{error}");
        assert_eq!(stored(&sms), None);
    }
}

#[test]
fn an_update_that_conflicts_is_sent_again() {
    let sms = Sms::failing_for_ever([Fault::None, Fault::status(409)], Fault::None);
    sms.store(OWNER, NAME, THEIRS);
    assert_eq!(Pusher::of(&sms).force_update().push().unwrap(), UPDATED);
    assert_eq!(sms.methods(), "HEAD PUT PUT");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

#[test]
fn an_update_that_always_conflicts_is_no_published_key() {
    let conflict = Fault::status(409);
    let sms = Sms::failing([Fault::None, conflict.clone(), conflict.clone(), conflict]);
    sms.store(OWNER, NAME, THEIRS);
    let error = Pusher::of(&sms).force_update().fails();
    assert!(matches!(error, SmsError::Conflict), "{error}");
    assert_eq!(sms.methods(), "HEAD PUT PUT PUT HEAD");
}

#[test]
fn a_last_conflict_is_asked_after() {
    let sms = Sms::failing([Fault::None, meanwhile()]);
    let mut options = patient();
    options.limits.attempts = 1;
    let error = Pusher::with(&sms.url(), options).fails();
    assert!(
        matches!(error, SmsError::AlreadyPublished { .. }),
        "{error}"
    );
}
