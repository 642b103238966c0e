use std::error::Error;
use std::io;

use super::error::HttpError;
use super::options::ServiceLabel;
use super::redact::redact;
use super::resolver::NotFound;

/// The meaning of a failed exchange. The library's error is not kept: it has the whole URL in it.
pub(super) fn of(service: ServiceLabel, origin: String, error: &reqwest::Error) -> HttpError {
    if error.is_builder() {
        return HttpError::Setup {
            service: service.name,
            reason: last_words(error),
        };
    }
    if error.is_connect() {
        return no_connection(origin, error);
    }
    if error.is_timeout() {
        return HttpError::Timeout { origin };
    }
    match find::<hyper::Error>(error) {
        Some(http) if http.is_parse() => HttpError::NotHttp { origin },
        Some(http) if http.is_incomplete_message() => HttpError::Broken {
            origin,
            reason: "no complete answer".to_owned(),
        },
        _ => HttpError::Broken {
            origin,
            reason: last_words(error),
        },
    }
}

/// The reason why nothing of the request has left this machine.
fn no_connection(origin: String, error: &reqwest::Error) -> HttpError {
    if let Some(NotFound { host, reason }) = find(error) {
        return HttpError::Dns {
            host: host.clone(),
            reason: reason.clone(),
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return HttpError::Tls {
            origin,
            reason: redact(&tls.to_string()),
        };
    }
    if error.is_timeout() {
        return HttpError::Connect {
            origin,
            reason: "it takes too long".to_owned(),
        };
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => HttpError::ConnectionRefused { origin },
        _ => HttpError::Connect {
            origin,
            reason: last_words(error),
        },
    }
}

/// The causes of `error`, itself first. An [`io::Error`] that holds another error does not name it as its source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| held(error).or_else(|| error.source()))
}

fn held<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let held = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(held)
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The words of the innermost cause.
fn last_words(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .skip(1)
        .last()
        .map_or_else(String::new, |cause| redact(&cause.to_string()))
}
