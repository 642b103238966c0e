use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::SmsError;

/// The error that a status stands for; only for statuses that do not say that all went well.
pub(super) fn error(
    origin: &str,
    status: StatusCode,
    headers: &HeaderMap,
    text: String,
) -> SmsError {
    let origin = origin.to_owned();
    match status.as_u16() {
        400 => SmsError::BadRequest { text },
        401 => SmsError::Unauthorized,
        404 => SmsError::NotFound { origin },
        405 => SmsError::MethodNotAllowed { origin },
        409 => SmsError::Conflict,
        413 => SmsError::TooLarge,
        429 => SmsError::RateLimited {
            retry_after: retry_after(headers),
        },
        503 => SmsError::Maintenance {
            text,
            retry_after: retry_after(headers),
        },
        status @ 500..=599 => SmsError::Server { status, text },
        status => SmsError::Unexpected {
            origin,
            status,
            text,
        },
    }
}

/// How long the server asks to wait: in seconds, or until a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date that is over asks for no wait.
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let year_2100 = asked("Fri, 01 Jan 2100 00:00:00 GMT").unwrap();
        assert!(year_2100 > Duration::from_secs(3600), "{year_2100:?}");
        for other in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(asked(other), None, "{other}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
