//! From an HTTP request to its answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Server;
use super::audit::Event;
use super::error::AgentError;
use super::limits::{BODY, BODY_TIME};
use super::metrics;
use super::peer::Peer;
use super::reading::parse;
use crate::agent::wire::{Refused, path};

type Json = Zeroizing<Vec<u8>>;

/// Answers one request of `peer` on a connection, and notes it.
pub(super) async fn answer(
    server: Arc<Server>,
    peer: Arc<Peer>,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let start = Instant::now();
    let method = request.method().clone();
    let route = Route::of(request.uri().path());
    let mut key = None;
    let mut failed = false;
    let answer = route
        .answer(&server, &peer, connection, request, &mut key, &mut failed)
        .await;
    let outcome = match &answer {
        Ok(_) if failed => "cannot-decrypt",
        Ok(_) => "done",
        Err(error) => error.code().word(),
    };
    server.audit.note(
        &peer,
        &Event {
            request: route.name(),
            key: key.as_deref(),
            outcome,
            took: start.elapsed(),
        },
    );
    Ok(response(route, &method, answer, server.agent.settings.hint))
}

/// The paths that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Status,
    Metrics,
    Keys,
    Unwrap,
    Unlock,
    Lock,
    Stop,
    Sign,
    Unknown,
}

impl Route {
    fn of(path: &str) -> Self {
        match path {
            path::STATUS => Self::Status,
            path::METRICS => Self::Metrics,
            path::KEYS => Self::Keys,
            path::UNWRAP => Self::Unwrap,
            path::UNLOCK => Self::Unlock,
            path::LOCK => Self::Lock,
            path::STOP => Self::Stop,
            path::SIGN_SMS_CHALLENGE => Self::Sign,
            _ => Self::Unknown,
        }
    }

    /// The name in the audit log. A path that a client makes up is not repeated.
    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Metrics => "metrics",
            Self::Keys => "keys",
            Self::Unwrap => "unwrap",
            Self::Unlock => "unlock",
            Self::Lock => "lock",
            Self::Stop => "stop",
            Self::Sign => "sign-sms-challenge",
            Self::Unknown => "unknown",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Status | Self::Metrics | Self::Keys | Self::Unknown => Method::GET,
            _ => Method::POST,
        }
    }

    async fn answer(
        self,
        server: &Arc<Server>,
        peer: &Peer,
        connection: u64,
        request: Request<Incoming>,
        key: &mut Option<String>,
        failed: &mut bool,
    ) -> Result<Json, AgentError> {
        if self == Self::Unknown {
            return Err(no_such_path());
        }
        if request.method() != self.method() {
            let message = format!("this path takes {} only", self.method());
            return Err(AgentError::request(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        let body = body(request).await?;
        server.connections.set_busy(connection);
        server.look_at_clock();
        match self {
            Self::Status => {
                server.agent.look_at_pin().await;
                json(&server.agent.status())
            }
            Self::Metrics => Ok(Zeroizing::new(server.metrics().into_bytes())),
            Self::Keys => json(&server.keys().await?),
            Self::Unwrap => {
                let (unwrapped, bad) = server.unwrap(peer, parse(&body)?, key).await?;
                *failed = bad;
                json(&unwrapped)
            }
            Self::Unlock => json(&server.unlock(parse(&body)?).await?),
            Self::Lock => json(&server.lock().await),
            Self::Stop => json(&server.stop()),
            Self::Sign => json(&server.sign(peer, parse(&body)?, key).await?),
            Self::Unknown => Err(no_such_path()),
        }
    }
}

fn no_such_path() -> AgentError {
    AgentError::request(StatusCode::NOT_FOUND, "there is no such path")
}

/// The body, whole and wiped when done.
async fn body(request: Request<Incoming>) -> Result<Json, AgentError> {
    let mut body = request.into_body();
    let read = async {
        // With all the room it can need, it never moves and leaves no copy behind.
        let mut all = Zeroizing::new(Vec::with_capacity(BODY));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                AgentError::request(StatusCode::BAD_REQUEST, "the body is not complete")
            })?;
            let data = frame.into_data().unwrap_or_default();
            if all.len() + data.len() > BODY {
                let message = format!("the body has more than {BODY} bytes");
                return Err(AgentError::request(StatusCode::PAYLOAD_TOO_LARGE, message));
            }
            all.extend_from_slice(&data);
        }
        Ok(all)
    };
    let late = || AgentError::request(StatusCode::REQUEST_TIMEOUT, "the body did not come");
    tokio::time::timeout(BODY_TIME, read)
        .await
        .unwrap_or_else(|_| Err(late()))
}

fn json(answer: &impl Serialize) -> Result<Json, AgentError> {
    let mut text = Zeroizing::new(Vec::with_capacity(1024));
    serde_json::to_writer(&mut *text, answer).map_err(AgentError::failed)?;
    text.push(b'\n');
    Ok(text)
}

fn response(
    route: Route,
    method: &Method,
    answer: Result<Json, AgentError>,
    hint: fn(&AgentError) -> String,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let media_type = match (route, &answer) {
        (Route::Metrics, Ok(_)) => metrics::TYPE,
        _ => "application/json",
    };
    let body = match answer {
        Ok(body) => body,
        Err(error) => {
            *response.status_mut() = error.status();
            if let Some(wait) = error.retry_after() {
                let seconds = wait.as_millis().div_ceil(1000);
                if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
                    response.headers_mut().insert(RETRY_AFTER, value);
                }
            }
            let refused = Refused {
                ok: false,
                error: error.refusal(hint),
            };
            json(&refused).unwrap_or_default()
        }
    };
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(value) = HeaderValue::try_from(route.method().as_str())
    {
        headers.insert(ALLOW, value);
    }
    // The connection's buffer held the PIN, and it is wiped when the connection ends.
    if route == Route::Unlock && *method == Method::POST {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    // The bytes are wiped when they are sent: hyper copies no body into a buffer of its own.
    *response.body_mut() = Full::new(Bytes::from_owner(body));
    response
}
