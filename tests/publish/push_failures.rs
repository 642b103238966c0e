//! `result push-encryption-key` against an SMS that fails: what is stored, what we say, how we end, and that the signature
//! is in nothing that we say.

use crate::support::publish::*;
use crate::support::sms::{Fault, Sms, Text};
use crate::support::*;

/// A folder with a key, for many services in turn.
struct Publisher<'t> {
    work: Work<'t>,
    authorization: String,
}

impl<'t> Publisher<'t> {
    fn new(token: &'t Token) -> Self {
        let work = with_key(token);
        let authorization = authorization(&work);
        Self {
            work,
            authorization,
        }
    }

    /// A push that has so many seconds and says all that it can.
    fn push(&self, sms: &Sms, seconds: u32) -> Run {
        let cmd = push(&self.work, sms)
            .arg("-v")
            .env("IEXEC_HSM_TIMEOUT", seconds.to_string());
        self.silent(cmd)
    }

    fn silent(&self, cmd: Cmd) -> Run {
        let run = cmd.run();
        no_secret(&run, &self.authorization);
        run
    }

    fn is_stored(&self, sms: &Sms) -> bool {
        match stored(sms) {
            None => false,
            stored => {
                assert_eq!(stored, Some(value(&self.work)));
                true
            }
        }
    }
}

const LOST: &str = "The answer was lost. There was no key before, and there is one now";
const UNKNOWN: &str = "it is not known whether the value was published";

#[test]
fn an_answer_that_was_lost_is_looked_into() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for fault in [
        Fault::Reset,
        Fault::Close,
        Fault::CutHead,
        Fault::NotHttp,
        |stores| Fault::Answer(stores, 500, "", Text::Echo),
        |stores| Fault::Answer(stores, 504, "", Text::Cut("Gateway")),
    ] {
        for stores in [true, false] {
            let fault = fault(stores);
            let sms = Sms::failing([Fault::None, fault.clone()]);
            let run = publisher.push(&sms, 24).ok();
            assert!(publisher.is_stored(&sms), "{fault:?}");
            assert_eq!(run.err().contains(LOST), stores, "{fault:?}: {}", run.err());
        }
    }
}

#[test]
fn a_service_that_answers_no_write_in_time_is_asked_again() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for (fault, words) in [
        (Fault::Hang(true), LOST),
        (Fault::Hang(false), "successfully pushed"),
        (Fault::SlowHead(true), LOST),
        (Fault::SlowHead(false), "successfully pushed"),
    ] {
        let sms = Sms::failing([Fault::None, fault.clone()]);
        let run = publisher.push(&sms, 6).ok();
        assert!(run.err().contains(words), "{fault:?}: {}", run.err());
        assert!(publisher.is_stored(&sms), "{fault:?}");
    }
}

#[test]
fn a_service_that_never_answers_is_not_reachable_and_nothing_is_sent_to_it() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for fault in [
        Fault::Hang(false),
        Fault::SlowHead(false),
        Fault::Reset(false),
        Fault::CutHead(false),
        Fault::NotHttp(false),
        Fault::status(500),
        Fault::status(503),
        Fault::Answer(false, 503, "", Text::Huge),
        Fault::Answer(false, 429, "Retry-After: 3600\r\n", Text::Short("")),
    ] {
        let sms = Sms::failing_for_ever([], fault.clone());
        let run = publisher.push(&sms, 2).fails(30);
        assert!(run.err().contains("error: "), "{fault:?}: {}", run.err());
        assert!(sms.methods().split(' ').all(|it| it == "HEAD"), "{fault:?}");
        assert!(
            sms.requests()
                .iter()
                .all(|it| it.header("authorization").is_none())
        );
        assert!(!publisher.is_stored(&sms));
    }
}

#[test]
fn what_became_of_a_write_that_is_never_answered_is_said_to_be_unknown() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for stores in [true, false] {
        let sms = Sms::failing([Fault::None, Fault::Vanish(stores)]);
        let run = publisher.push(&sms, 12).fails(30);
        assert!(run.err().contains(UNKNOWN), "{}", run.err());
        assert!(run.err().contains("--force-update"));
        assert_eq!(publisher.is_stored(&sms), stores);
    }
    let sms = Sms::failing([Fault::None, Fault::Vanish(true)]);
    let cmd = push(&publisher.work, &sms)
        .arg("--raw")
        .arg("--timeout")
        .arg("12");
    let error = publisher.silent(cmd).fails(30).raw_error();
    assert_eq!(error["code"], "sms-not-reachable");
}

#[test]
fn a_service_that_fails_a_few_times_is_waited_for() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::Answer(false, 503, "", Text::Short("Back soon")),
        Fault::Answer(false, 429, "Retry-After: 0\r\n", Text::Short("")),
    ] {
        let before = [fault.clone(), fault.clone(), Fault::None];
        let sms = Sms::failing(before.into_iter().chain([fault.clone()]));
        publisher.push(&sms, 12).ok();
        assert!(publisher.is_stored(&sms), "{fault:?}");
        assert!(
            sms.methods().starts_with("HEAD HEAD HEAD POST"),
            "{}",
            sms.methods()
        );
    }
}

#[test]
fn every_refusal_has_its_message_and_leaves_nothing() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    for (status, words) in [
        (400, "malformed"),
        (401, "does not accept the signature"),
        (403, "that no SMS gives"),
        (404, "has nothing at the place"),
        (405, "does not take secrets"),
        (413, "too long"),
    ] {
        let sms = Sms::failing([Fault::None, Fault::Answer(false, status, "", Text::Echo)]);
        let run = publisher.push(&sms, 12).fails(31);
        assert!(run.err().contains(words), "{status}: {}", run.err());
        assert!(!publisher.is_stored(&sms), "{status}");
        let sms = Sms::failing([Fault::None, Fault::status(status)]);
        let cmd = push(&publisher.work, &sms).arg("--raw");
        assert_eq!(
            publisher.silent(cmd).fails(31).raw_error()["code"],
            "sms-refused"
        );
    }
    let sms = Sms::failing_for_ever([Fault::None], Fault::status(409));
    // There is none, it says at first; and then that it cannot store one.
    let run = publisher.push(&sms, 2).fails(31);
    assert!(run.err().contains("(409)"), "{}", run.err());
}

#[test]
fn whoever_was_first_is_not_overwritten() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    let theirs = || Fault::Meanwhile(ADDRESS, SECRET, "dGhlaXJz");
    let sms = Sms::failing([Fault::None, theirs()]);
    publisher.push(&sms, 12).fails(32);
    assert_eq!(stored(&sms).as_deref(), Some("dGhlaXJz"));

    let sms = Sms::failing([Fault::None, theirs()]);
    let cmd = push(&publisher.work, &sms)
        .arg("--force-update")
        .arg("--raw");
    assert_eq!(publisher.silent(cmd).ok().raw()["isUpdated"], true);
    assert!(publisher.is_stored(&sms));
}

#[test]
fn redirects_are_followed_within_the_origin_alone() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    let elsewhere = Sms::start();
    let target = format!("/secrets/web2?ownerAddress={ADDRESS}&secretName={SECRET}");
    for status in [301, 302, 303, 307, 308] {
        let sms = Sms::failing([Fault::None, Fault::Redirect(status, target.clone())]);
        publisher.push(&sms, 12).ok();
        assert_eq!(sms.methods(), "HEAD POST POST");
        assert!(publisher.is_stored(&sms));

        let away = format!("{}{target}", elsewhere.url());
        let sms = Sms::failing([Fault::None, Fault::Redirect(status, away)]);
        let run = publisher.push(&sms, 12).fails(30);
        assert!(
            run.err().contains("which was not followed"),
            "{}",
            run.err()
        );
        assert!(!publisher.is_stored(&sms));
    }
    assert_eq!(elsewhere.methods(), "");
    let sms = Sms::failing_for_ever([Fault::None], Fault::Redirect(307, target));
    let run = publisher.push(&sms, 12).fails(30);
    assert!(
        run.err().contains("redirects again and again"),
        "{}",
        run.err()
    );
}

#[test]
fn nobody_there_is_not_reachable() {
    let token = Token::new();
    let publisher = Publisher::new(&token);
    let gone = Sms::start().url();
    let cmd = publisher
        .work
        .cmd(["result", "push-encryption-key", "--sms-url", &gone]);
    let cmd = cmd.pin().env("IEXEC_HSM_WALLET_KEY", WALLET_KEY);
    let run = publisher.silent(cmd).fails(30);
    assert!(run.err().contains("refuses connections"), "{}", run.err());
}
