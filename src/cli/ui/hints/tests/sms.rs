//! The Secret Management Service, and the way to it.

use super::*;

#[test]
fn hints_of_a_connection_to_the_sms() {
    use HttpError as Error;
    let (service, reason) = ("the SMS", reason());
    let origin = origin_of_sms;
    let url = Error::Url {
        service,
        reason: "it is no URL",
    };
    let plain = Error::Plain {
        origin: origin(),
        exposed: "read along",
    };
    let setup = Error::Setup {
        service,
        reason: reason.clone(),
    };
    let dns = Error::Dns {
        host: "sms".into(),
        reason: reason.clone(),
    };
    let tls = Error::Tls {
        origin: origin(),
        reason: reason.clone(),
    };
    let connect = Error::Connect {
        origin: origin(),
        reason: reason.clone(),
    };
    let broken = Error::Broken {
        origin: origin(),
        reason,
    };
    let redirected = Error::Redirected {
        origin: origin(),
        to: "https://other".into(),
    };
    let refused = Error::ConnectionRefused { origin: origin() };
    let timeout = Error::Timeout { origin: origin() };
    let not_http = Error::NotHttp { origin: origin() };
    let in_circles = Error::TooManyRedirects { origin: origin() };
    for (error, words) in [
        (url, "--sms-url"),
        (plain, "--insecure-http"),
        (setup, "ca-certificates"),
        (dns, "proxy settings"),
        (refused, "nothing was stored"),
        (tls, "this machine's clock"),
        (connect, "nothing was stored"),
        (timeout, "Nothing was stored"),
        (broken, "Nothing was stored"),
        (not_http, "that of an SMS"),
        (redirected, "If you trust that server"),
        (in_circles, "that of an SMS"),
    ] {
        says(sms(&error.into()), words);
    }
}

#[test]
fn hints_of_the_sms() {
    use SmsError as Error;
    let (origin, text, retry_after) = (origin_of_sms, reason, None);
    let unexpected = |status| Error::Unexpected {
        origin: origin(),
        status,
        text: text(),
    };
    let timeout = HttpError::Timeout { origin: origin() };
    let unknown = Error::Unknown {
        cause: Box::new(timeout.into()),
    };
    let there = Error::AlreadyPublished {
        owner: address_of(1),
        name: "key".into(),
    };
    let maintenance = Error::Maintenance {
        text: text(),
        retry_after,
    };
    let server = |status| Error::Server {
        status,
        text: text(),
    };
    let not_found = Error::NotFound { origin: origin() };
    let not_allowed = Error::MethodNotAllowed { origin: origin() };
    for (error, words) in [
        (Error::Signature, "Sign the challenge again"),
        (unexpected(200), "that of an SMS"),
        (unexpected(418), "that of an SMS"),
        (unknown, "Push again"),
        (there, "--force-update"),
        (Error::BadRequest { text: text() }, "an SMS of this version"),
        (Error::Unauthorized, "Sign with the wallet"),
        (not_found, "with the path in front"),
        (not_allowed, "with the path in front"),
        (Error::Conflict, "report it to iExec"),
        (Error::TooLarge, "at most 4096 bits"),
        (Error::RateLimited { retry_after }, "try again later"),
        (maintenance, "try again later"),
        (server(500), "try again later"),
        (server(501), "try again later"),
    ] {
        says(sms(&error), words);
    }
}
