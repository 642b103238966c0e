//! Every status has its own words, and what comes with it cannot do harm.

use super::*;

use crate::support::sms::{Fault, Text};

/// The name of the error that a write with this answer ends with.
fn named(error: &SmsError) -> String {
    let shown = format!("{error:?}");
    shown.split([' ', '(']).next().unwrap().to_owned()
}

const STATUSES: [(u16, &str, Kind); 13] = [
    (200, "Unexpected", Kind::Unreachable),
    (304, "Unexpected", Kind::Unreachable),
    (400, "BadRequest", Kind::Refused),
    (401, "Unauthorized", Kind::Refused),
    (403, "Unexpected", Kind::Refused),
    (404, "NotFound", Kind::Refused),
    (405, "MethodNotAllowed", Kind::Refused),
    (409, "Conflict", Kind::Refused),
    (413, "TooLarge", Kind::Refused),
    (429, "RateLimited", Kind::Unreachable),
    (500, "Server", Kind::Unreachable),
    (501, "Server", Kind::Unreachable),
    (503, "Maintenance", Kind::Unreachable),
];

#[test]
fn every_status_of_a_write_is_named() {
    let mut options = patient();
    options.limits.attempts = 1;
    for (status, name, kind) in STATUSES {
        let sms = Sms::failing([Fault::None, Fault::status(status)]);
        let error = Pusher::with(&sms.url(), options.clone()).fails();
        assert_eq!((&*named(&error), error.kind()), (name, kind), "{error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(stored(&sms), None);
    }
}

#[test]
fn every_status_of_a_question_is_named() {
    for (status, name, kind) in STATUSES {
        if status == 404 {
            continue;
        }
        let sms = Sms::failing_for_ever([], Fault::status(status));
        let pusher = Pusher::of(&sms);
        for error in [
            pusher.fails(),
            pusher.client.exists(owner(), NAME).unwrap_err(),
        ] {
            assert_eq!((&*named(&error), error.kind()), (name, kind), "{error}");
        }
        assert!(
            sms.requests()
                .iter()
                .all(|request| request.method == "HEAD")
        );
    }
}

#[test]
fn the_sms_itself_refuses_what_is_wrong() {
    let sms = Sms::start();
    let error = Pusher::of(&sms).signed_by(&Wallet::new(2)).fails();
    assert!(matches!(error, SmsError::Unauthorized), "{error}");
    let error = Pusher::of(&sms).push_value("another").unwrap_err();
    assert!(matches!(error, SmsError::Unauthorized), "{error}");
    let mut pusher = Pusher::of(&sms);
    for (length, taken) in [(4097, false), (4096, true)] {
        let value = "x".repeat(length);
        pusher.authorization = Wallet::new(1).authorize(OWNER, NAME, &value);
        match pusher.push_value(&value) {
            Ok(pushed) => assert!(taken && pushed == CREATED),
            Err(error) => assert!(!taken && matches!(error, SmsError::TooLarge), "{error}"),
        }
    }
}

#[test]
fn only_a_recovery_byte_of_27_or_28_is_taken() {
    let good = Wallet::new(1).authorize(OWNER, NAME, VALUE);
    for (byte, taken) in [
        ("00", false),
        ("01", false),
        ("1b", true),
        ("1c", false),
        ("1d", false),
    ] {
        let sms = Sms::start();
        let mut pusher = Pusher::of(&sms);
        pusher.authorization = format!("{}{byte}", &good[..130]);
        assert_eq!(pusher.push().is_ok(), taken, "{byte}");
    }
}

#[test]
fn a_wrong_address_is_not_taken_for_an_sms() {
    let sms = Sms::failing_for_ever([], Fault::status(404));
    let error = Pusher::of(&sms).fails();
    assert!(matches!(error, SmsError::NotFound { .. }), "{error}");
    assert_eq!(sms.methods(), "HEAD POST");
}

#[test]
fn maintenance_is_waited_for_and_its_text_shown() {
    let down = Fault::Answer(false, 503, "", Text::Short("Back at\n12:00.\x1b[2J"));
    let sms = Sms::failing_for_ever([Fault::None], down.clone());
    let error = Pusher::of(&sms).fails();
    // Its own word would be enough, were it not that gateways use it too.
    assert!(matches!(error, SmsError::Unknown { .. }), "{error}");
    assert_eq!(stored(&sms), None);
    let sms = Sms::failing([Fault::None, down.clone(), down.clone()]);
    assert_eq!(Pusher::of(&sms).push().unwrap(), CREATED);

    let mut options = patient();
    options.limits.attempts = 1;
    let sms = Sms::failing([Fault::None, down]);
    let error = Pusher::with(&sms.url(), options).fails().to_string();
    assert_eq!(error, "the SMS is in maintenance (503): Back at 12:00.?[2J");
}

#[test]
fn the_wait_that_is_asked_for_is_kept() {
    let later = |seconds| Fault::Answer(false, 429, seconds, Text::Short("later"));
    let sms = Sms::failing([Fault::None, later("Retry-After: 1\r\n")]);
    assert_eq!(Pusher::of(&sms).push().unwrap(), CREATED);
    assert_eq!(sms.methods(), "HEAD POST POST");
    let [_, first, second] = &sms.requests()[..] else {
        panic!("three requests")
    };
    assert!(second.at - first.at >= Duration::from_secs(1));

    // There is not so much time.
    let sms = Sms::failing([later("Retry-After: 3600\r\n")]);
    let error = Pusher::of(&sms).fails();
    assert!(matches!(error, SmsError::RateLimited { .. }), "{error}");
    assert!(error.to_string().contains("3600 seconds"), "{error}");
    assert_eq!((sms.methods(), stored(&sms)), ("HEAD".into(), None));

    let past = later("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n");
    let sms = Sms::failing([past.clone(), Fault::None, past]);
    assert_eq!(Pusher::of(&sms).push().unwrap(), CREATED);
}

#[test]
fn a_body_without_end_is_read_a_little() {
    let huge = Fault::Answer(false, 401, "", Text::Huge);
    let sms = Sms::failing([Fault::None, huge]);
    let error = Pusher::of(&sms).fails();
    assert!(matches!(error, SmsError::Unauthorized), "{error}");
    let huge = Fault::Answer(false, 500, "", Text::Huge);
    let sms = Sms::failing_for_ever([Fault::None], huge);
    let error = Pusher::of(&sms).fails();
    assert!(error.to_string().len() < 400, "{error}");
    assert!(sms.sent() < 100_000_000, "{}", sms.sent());
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    for text in [Text::Slow, Text::Cut("Not")] {
        let sms = Sms::failing([Fault::None, Fault::Answer(false, 401, "", text)]);
        let error = Pusher::with(&sms.url(), impatient()).fails();
        assert!(matches!(error, SmsError::Unauthorized), "{error}");
        assert_eq!(stored(&sms), None);
        // The answer to a write that went well is its head.
        let sms = Sms::failing([Fault::None, Fault::Answer(true, 204, "", text)]);
        let pushed = Pusher::with(&sms.url(), impatient()).push();
        assert_eq!(pushed.unwrap(), CREATED);
    }
}

#[test]
fn a_signature_that_is_sent_back_is_not_shown() {
    for status in [400, 403, 500, 503] {
        let echo = Fault::Answer(false, status, "", Text::Echo);
        let mut options = patient();
        options.limits.attempts = 1;
        let sms = Sms::failing([Fault::None, echo]);
        let error = Pusher::with(&sms.url(), options).fails();
        assert!(error.to_string().contains("POST /secrets/web2"), "{error}");
    }
    let sms = Sms::start();
    let signature = Pusher::of(&sms).authorization;
    let leak = signature.clone().leak() as &'static str;
    let alone = Fault::Answer(false, 400, "", Text::Short(leak));
    let sms = Sms::failing([Fault::None, alone]);
    let error = Pusher::of(&sms).fails();
    assert!(error.to_string().ends_with(": 0x…"), "{error}");
}
