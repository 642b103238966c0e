//! Each failure: its kind and its text.

use super::*;

/// Seconds that the SMS asks to wait.
const WAIT: Option<Duration> = Some(Duration::from_secs(7));

struct Case {
    error: SmsError,
    kind: Kind,
    passing: bool,
    answered: bool,
}

fn case(error: impl Into<SmsError>, kind: Kind) -> Case {
    Case {
        error: error.into(),
        kind,
        passing: false,
        answered: true,
    }
}

impl Case {
    fn passing(self) -> Self {
        Self {
            passing: true,
            ..self
        }
    }

    fn unanswered(self) -> Self {
        Self {
            answered: false,
            ..self
        }
    }
}

fn before_anything_was_sent(origin: String, reason: String) -> Vec<Case> {
    use Kind::{Unreachable, Usage};
    let service = "the SMS";
    let url = HttpError::Url {
        service,
        reason: "it is no URL",
    };
    let plain = HttpError::Plain {
        origin: origin.clone(),
        exposed: "read along",
    };
    let setup = HttpError::Setup {
        service,
        reason: reason.clone(),
    };
    let dns = HttpError::Dns {
        host: "sms".into(),
        reason: reason.clone(),
    };
    let refused = HttpError::ConnectionRefused {
        origin: origin.clone(),
    };
    let tls = HttpError::Tls {
        origin: origin.clone(),
        reason: reason.clone(),
    };
    let connect = HttpError::Connect { origin, reason };
    vec![
        case(url, Usage),
        case(plain, Usage),
        case(SmsError::Signature, Usage),
        case(setup, Unreachable),
        case(dns, Unreachable).unanswered(),
        case(refused, Unreachable).unanswered(),
        case(tls, Unreachable).unanswered(),
        case(connect, Unreachable).unanswered(),
    ]
}

fn without_an_answer_of_an_sms(origin: String, reason: String) -> Vec<Case> {
    use Kind::Unreachable;
    let timeout = HttpError::Timeout {
        origin: origin.clone(),
    };
    let broken = HttpError::Broken {
        origin: origin.clone(),
        reason,
    };
    let not_http = HttpError::NotHttp {
        origin: origin.clone(),
    };
    let redirected = HttpError::Redirected {
        origin: origin.clone(),
        to: "https://other".into(),
    };
    let in_circles = HttpError::TooManyRedirects {
        origin: origin.clone(),
    };
    let found = SmsError::Unexpected {
        origin: origin.clone(),
        status: 200,
        text: String::new(),
    };
    let unknown = SmsError::Unknown {
        cause: Box::new(HttpError::Timeout { origin }.into()),
    };
    vec![
        case(timeout, Unreachable).passing().unanswered(),
        case(broken, Unreachable).passing().unanswered(),
        case(not_http, Unreachable).unanswered(),
        case(redirected, Unreachable),
        case(in_circles, Unreachable),
        case(found, Unreachable),
        case(unknown, Unreachable),
    ]
}

fn answers(origin: String, text: String) -> Vec<Case> {
    use Kind::{AlreadyPublished, Refused, Unreachable};
    let there = SmsError::AlreadyPublished {
        owner: Address::from([0; 20]),
        name: "key".into(),
    };
    let malformed = SmsError::BadRequest { text: text.clone() };
    let not_found = SmsError::NotFound {
        origin: origin.clone(),
    };
    let not_allowed = SmsError::MethodNotAllowed {
        origin: origin.clone(),
    };
    let teapot = SmsError::Unexpected {
        origin,
        status: 418,
        text: text.clone(),
    };
    let limited = SmsError::RateLimited { retry_after: WAIT };
    let maintenance = SmsError::Maintenance {
        text: text.clone(),
        retry_after: WAIT,
    };
    let server = |status| SmsError::Server {
        status,
        text: text.clone(),
    };
    vec![
        case(there, AlreadyPublished),
        case(malformed, Refused),
        case(SmsError::Unauthorized, Refused),
        case(not_found, Refused),
        case(not_allowed, Refused),
        case(SmsError::Conflict, Refused).passing(),
        case(SmsError::TooLarge, Refused),
        case(teapot, Refused),
        case(limited, Unreachable).passing(),
        case(maintenance, Unreachable).passing(),
        case(server(500), Unreachable).passing(),
        case(server(501), Unreachable),
    ]
}

#[test]
fn every_failure_has_its_kind_and_says_whether_it_passes() {
    let origin = || "https://sms".to_owned();
    let words = || "words of the system".to_owned();
    let before = before_anything_was_sent(origin(), words());
    let without = without_an_answer_of_an_sms(origin(), words());
    let cases = before.into_iter().chain(without);
    for case in cases.chain(answers(origin(), words())) {
        let error = case.error;
        assert_eq!(error.kind(), case.kind, "{error:?}");
        assert_eq!(error.is_passing(), case.passing, "{error:?}");
        assert_eq!(error.is_without_answer(), !case.answered, "{error:?}");
        let wait = match error {
            SmsError::RateLimited { .. } | SmsError::Maintenance { .. } => WAIT,
            _ => None,
        };
        assert_eq!(error.retry_after(), wait, "{error:?}");
    }
}

#[test]
fn what_a_server_says_is_repeated_where_it_says_something() {
    let maintenance = |text: &str, retry_after| {
        let text = text.to_owned();
        SmsError::Maintenance { text, retry_after }.to_string()
    };
    let bare = "the SMS is in maintenance (503)";
    assert_eq!(maintenance("", None), bare);
    assert_eq!(maintenance("Soon.", None), format!("{bare}: Soon."));
    let whole = format!("{bare}: Soon.; it asks to wait 7 seconds");
    assert_eq!(maintenance("Soon.", WAIT), whole);
}
