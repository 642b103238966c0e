use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::time::{Instant, timeout, timeout_at};

use super::authorization::Authorization;
use super::error::SmsError;
use super::excerpt::excerpt;
use super::exchange::Exchange;
use super::server::Server;
use super::{Options, failure, meaning};

const MOST_REDIRECTS: usize = 3;
/// Bytes of an answer's body that are read for its message.
const MOST_TEXT: usize = 4096;

/// Brings requests to the SMS, each once, and its answers back.
pub(super) struct Transport {
    http: reqwest::Client,
    server: Server,
    /// Longest time until the head of an answer is there, connecting included.
    head: Duration,
    /// Longest time for the text of an answer.
    text: Duration,
    on_exchange: Option<fn(&Exchange<'_>)>,
}

/// What is published.
#[derive(Clone, Copy)]
pub(super) struct Secret<'a> {
    pub(super) value: &'a str,
    pub(super) authorization: &'a Authorization,
}

struct Request<'a> {
    method: Method,
    target: &'a Url,
    secret: Option<Secret<'a>>,
    deadline: Instant,
}

impl Transport {
    pub(super) fn new(http: reqwest::Client, server: Server, options: &Options) -> Self {
        let limits = &options.limits;
        Self {
            http,
            server,
            head: limits.connect.saturating_add(limits.read),
            text: limits.read,
            on_exchange: options.on_exchange,
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Whether there is a secret at `target`.
    pub(super) async fn ask(&self, target: &Url, deadline: Instant) -> Result<bool, SmsError> {
        let request = Request {
            method: Method::HEAD,
            target,
            secret: None,
            deadline,
        };
        let response = self.send(&request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refusal(response, deadline).await),
        }
    }

    /// Writes `secret` to `target`. Without an error it is stored there.
    pub(super) async fn write(
        &self,
        method: Method,
        target: &Url,
        secret: Secret<'_>,
        deadline: Instant,
    ) -> Result<(), SmsError> {
        let request = Request {
            method,
            target,
            secret: Some(secret),
            deadline,
        };
        let response = self.send(&request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(()),
            _ => Err(self.refusal(response, deadline).await),
        }
    }

    /// The answer to `request`, where redirects within the origin end.
    async fn send(&self, request: &Request<'_>) -> Result<Response, SmsError> {
        let mut url = request.target.clone();
        for _ in 0..=MOST_REDIRECTS {
            let sent = self.send_to(url.clone(), request).await;
            self.tell(request, &sent);
            let response = sent?;
            match location(response.status(), response.headers()) {
                Some(location) => url = self.server.redirected(&url, &location)?,
                None => return Ok(response),
            }
        }
        Err(SmsError::TooManyRedirects {
            origin: self.server.origin(),
        })
    }

    async fn send_to(&self, url: Url, request: &Request<'_>) -> Result<Response, SmsError> {
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some(secret) = request.secret {
            builder = builder
                .header(AUTHORIZATION, secret.authorization.header()?)
                .header(CONTENT_TYPE, "text/plain")
                .body(secret.value.to_owned());
        }
        let origin = self.server.origin();
        let until = request.deadline.min(Instant::now() + self.head);
        match timeout_at(until, builder.send()).await {
            Ok(sent) => sent.map_err(|error| failure::error(&origin, &error)),
            Err(_) => Err(SmsError::Timeout { origin }),
        }
    }

    fn tell(&self, request: &Request<'_>, sent: &Result<Response, SmsError>) {
        if let Some(on_exchange) = self.on_exchange {
            on_exchange(&Exchange {
                method: request.method.as_str(),
                // Where a redirect has led is the server's word, and may hold anything.
                target: request.target.as_str(),
                outcome: sent.as_ref().map(|response| response.status().as_u16()),
            });
        }
    }

    async fn refusal(&self, mut response: Response, deadline: Instant) -> SmsError {
        let mut text = Vec::new();
        let limit = self
            .text
            .min(deadline.saturating_duration_since(Instant::now()));
        // The status alone decides; of a text that is cut or late, what is there will do.
        let _ = timeout(limit, read_text(&mut response, &mut text)).await;
        let text = excerpt(&String::from_utf8_lossy(&text));
        let origin = self.server.origin();
        meaning::error(&origin, response.status(), response.headers(), text)
    }
}

async fn read_text(response: &mut Response, text: &mut Vec<u8>) -> reqwest::Result<()> {
    while let Some(chunk) = response.chunk().await? {
        let room = MOST_TEXT.saturating_sub(text.len());
        text.extend(chunk.iter().take(room));
        if text.len() >= MOST_TEXT {
            break;
        }
    }
    Ok(())
}

/// Where the answer leads, if it leads anywhere.
fn location(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let leads_on = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = headers.get(LOCATION).filter(|_| leads_on)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}
