use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::HttpError;
use super::options::ServiceLabel;
use super::redact::redact;
use super::transport_error;

/// Bytes of an answer's body that are read for its message.
const MOST_TEXT: usize = 4096;

/// The head of an answer, and the body that has yet to come.
pub(crate) struct HttpResponse {
    pub(super) response: Response,
    pub(super) service: ServiceLabel,
    /// Scheme, host and port of the service.
    pub(super) origin: String,
    /// When the whole body has to be there.
    pub(super) deadline: Instant,
    /// Longest time for a text, and from one piece of a body to the next.
    pub(super) read: Duration,
}

impl HttpResponse {
    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The text of a header that is there once; none where it is no text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The length of the body, where the server says it. It holds: a body that ends earlier is broken off.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece of the body; none at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, HttpError> {
        let until = Instant::now() + self.read;
        let origin = || self.origin.clone();
        match timeout_at(until.min(self.deadline), self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(transport_error::of(self.service, origin(), &error)),
            Err(_) => Err(HttpError::Timeout { origin: origin() }),
        }
    }

    /// The wait that the server asks for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.response.headers())
    }

    /// The whole body, where it is no longer than `most` bytes.
    pub(crate) async fn bytes(mut self, most: usize) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        let left = self.deadline.saturating_duration_since(Instant::now());
        let all = async {
            while let Some(chunk) = self.response.chunk().await? {
                if bytes.len() + chunk.len() > most {
                    return Ok(false);
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(true)
        };
        let origin = self.origin.clone();
        match timeout(self.read.min(left), all).await {
            Err(_) => Err(HttpError::Timeout { origin }),
            Ok(Err(error)) => Err(transport_error::of(self.service, origin, &error)),
            Ok(Ok(false)) => Err(HttpError::TooLong { origin, most }),
            Ok(Ok(true)) => {
                // Its connection is free once that was seen, too.
                tokio::task::yield_now().await;
                Ok(bytes)
            }
        }
    }

    /// A short piece of the body for a message, fit for a terminal and without what may be secret. Of a text that is
    /// cut or late, what is there will do.
    pub(crate) async fn message(mut self) -> String {
        let mut text = Vec::new();
        let left = self.deadline.saturating_duration_since(Instant::now());
        let _ = timeout(self.read.min(left), self.read_into(&mut text)).await;
        redact(&String::from_utf8_lossy(&text))
    }

    async fn read_into(&mut self, text: &mut Vec<u8>) -> reqwest::Result<()> {
        while let Some(chunk) = self.response.chunk().await? {
            let room = MOST_TEXT.saturating_sub(text.len());
            text.extend(chunk.iter().take(room));
            if text.len() >= MOST_TEXT {
                break;
            }
        }
        Ok(())
    }
}

/// The wait that a server asks for: in seconds, or until a date.
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
