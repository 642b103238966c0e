use std::error::Error;
use std::io;

use super::dns::NotFound;
use super::error::SmsError;
use super::excerpt::excerpt;

/// What a failed exchange means. The library's error is not kept: it has the whole address in it.
pub(super) fn error(origin: &str, error: &reqwest::Error) -> SmsError {
    let origin = origin.to_owned();
    if error.is_builder() {
        return SmsError::Setup {
            reason: last_words(error),
        };
    }
    if error.is_connect() {
        return no_connection(origin, error);
    }
    if error.is_timeout() {
        return SmsError::Timeout { origin };
    }
    match find::<hyper::Error>(error) {
        Some(http) if http.is_parse() => SmsError::NotHttp { origin },
        Some(http) if http.is_incomplete_message() => SmsError::Broken {
            origin,
            reason: "no complete answer".to_owned(),
        },
        _ => SmsError::Broken {
            origin,
            reason: last_words(error),
        },
    }
}

/// Nothing of the request has left this machine.
fn no_connection(origin: String, error: &reqwest::Error) -> SmsError {
    if let Some(NotFound { host, reason }) = find(error) {
        return SmsError::Dns {
            host: host.clone(),
            reason: reason.clone(),
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return SmsError::Tls {
            origin,
            reason: excerpt(&tls.to_string()),
        };
    }
    if error.is_timeout() {
        return SmsError::Connect {
            origin,
            reason: "it takes too long".to_owned(),
        };
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => SmsError::ConnectionRefused { origin },
        _ => SmsError::Connect {
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

/// What the innermost cause says.
fn last_words(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .skip(1)
        .last()
        .map_or_else(String::new, |cause| excerpt(&cause.to_string()))
}
