use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer;
use super::error::RpcError;
use crate::http::{
    CONTENT_TYPE, HeaderMap, HeaderValue, HttpClient, HttpError, HttpOptions, HttpRequest, Method,
    ServiceLabel,
};

const SERVICE: ServiceLabel = ServiceLabel {
    name: "the node",
    exposed: "change what the chain seems to say",
    takes_query: true,
};

/// Bytes of the longest answer that is read. Results on the chain are paid for by the byte, and are short.
const LONGEST_ANSWER: usize = 8 << 20;

/// Calls in one request. Public nodes take a hundred and more.
const AT_ONCE: usize = 50;

/// A client of one node. Its functions block; what may pass, such as a node that is busy, is asked again.
pub struct Rpc {
    http: HttpClient,
    /// Whether the node takes several calls in one request, as far as is known.
    takes_several: AtomicBool,
}

impl Rpc {
    /// A client of the node at `url`, whose path, and query, may hold the user's key for it. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, RpcError> {
        let http = HttpClient::new(SERVICE, url, options)?;
        Ok(Self {
            http,
            takes_several: AtomicBool::new(true),
        })
    }

    /// Scheme, host and port of the node.
    pub fn origin(&self) -> String {
        self.http.origin()
    }

    /// Whether it speaks to another machine without TLS.
    pub fn lacks_tls(&self) -> bool {
        self.http.lacks_tls()
    }

    /// What the node answers to `method`.
    ///
    /// # Errors
    /// When the node cannot be reached, or refuses, or answers what no node answers.
    pub fn call(&self, method: &'static str, params: &Value) -> Result<Value, RpcError> {
        self.call_alone(method, params, RpcError::is_passing)
    }

    /// What the node answers to `method` once. That a node refuses says something of the question then.
    pub(crate) fn call_once(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Value, RpcError> {
        self.call_alone(method, params, passes_unless_refused)
    }

    /// What the node answers to `method` with each of `all` parameters, in as few requests as it takes.
    ///
    /// # Errors
    /// As of [`Self::call`], for any of them.
    pub fn call_each(&self, method: &'static str, all: &[Value]) -> Result<Vec<Value>, RpcError> {
        self.call_all(method, all, RpcError::is_passing)
    }

    /// The same, as of [`Self::call_once`].
    pub(crate) fn call_each_once(
        &self,
        method: &'static str,
        all: &[Value],
    ) -> Result<Vec<Value>, RpcError> {
        self.call_all(method, all, passes_unless_refused)
    }

    fn call_alone(
        &self,
        method: &'static str,
        params: &Value,
        passes: Passes,
    ) -> Result<Value, RpcError> {
        let body = request(0, method, params).to_string();
        let read = |answer: &[u8]| answer::read(self.origin(), method, answer);
        self.ask_until_done(&body, passes, &read)
    }

    fn call_all(
        &self,
        method: &'static str,
        all: &[Value],
        passes: Passes,
    ) -> Result<Vec<Value>, RpcError> {
        let mut answers = Vec::with_capacity(all.len());
        for some in all.chunks(AT_ONCE) {
            self.call_some(method, some, passes, &mut answers)?;
        }
        Ok(answers)
    }

    fn call_some(
        &self,
        method: &'static str,
        some: &[Value],
        passes: Passes,
        answers: &mut Vec<Value>,
    ) -> Result<(), RpcError> {
        if some.len() < 2 || !self.takes_several.load(Ordering::Relaxed) {
            for params in some {
                answers.push(self.call_alone(method, params, passes)?);
            }
            return Ok(());
        }
        let requests = some.iter().enumerate();
        let requests: Vec<Value> = requests
            .map(|(id, params)| request(id, method, params))
            .collect();
        let body = Value::from(requests).to_string();
        let read = |answer: &[u8]| answer::read_each(self.origin(), method, answer, some.len());
        match self.ask_until_done(&body, passes, &read) {
            Ok(Some(mut all)) => answers.append(&mut all),
            // Each alone may be short enough.
            Err(RpcError::Http(HttpError::TooLong { .. })) => {
                let (first, rest) = some.split_at(some.len() / 2);
                self.call_some(method, first, passes, answers)?;
                self.call_some(method, rest, passes, answers)?;
            }
            // It takes one call in a request alone, and says so in one way or another.
            Ok(None) | Err(RpcError::Unexpected { .. }) => {
                self.takes_several.store(false, Ordering::Relaxed);
                self.call_some(method, some, passes, answers)?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Asks until there is an answer, or a failure that `passes` says no retry helps with.
    fn ask_until_done<T>(
        &self,
        body: &str,
        passes: Passes,
        read: &dyn Fn(&[u8]) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        self.http.block_on(async {
            let mut retry = self.http.retry();
            loop {
                let answer = self.ask(body, retry.deadline()).await;
                match answer.and_then(|bytes| read(&bytes)) {
                    Err(error) if passes(&error) && retry.wait(error.retry_after()).await => (),
                    answer => return answer,
                }
            }
        })
    }

    /// What the node answers to `method`, which it is asked once: whoever sends money has to know whether an answer
    /// was lost.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub fn send(&self, method: &'static str, params: &Value) -> Result<Value, RpcError> {
        let body = request(0, method, params).to_string();
        let read = |answer: &[u8]| answer::read(self.origin(), method, answer);
        self.ask_until_done(&body, |_| false, &read)
    }

    /// Waits on the client's own clock, and so that a signal can end it.
    pub(crate) fn pause(&self, time: Duration) {
        let waited = self.http.block_on(async {
            tokio::time::sleep(time).await;
            Ok::<_, RpcError>(())
        });
        // Only a closed client fails, and this one is not.
        drop(waited);
    }

    async fn ask(&self, body: &str, deadline: Instant) -> Result<Vec<u8>, RpcError> {
        let json = HeaderValue::from_static("application/json");
        let request = HttpRequest {
            method: Method::POST,
            url: self.http.base(),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: Some(body),
            deadline,
        };
        let response = self.http.send(&request).await?;
        let (status, retry_after) = (response.status(), response.retry_after());
        let origin = self.http.origin();
        if status != 200 {
            let text = response.message().await;
            return Err(answer::status_error(origin, status, text, retry_after));
        }
        Ok(response.bytes(LONGEST_ANSWER).await?)
    }
}

/// Whether a failure may pass.
type Passes = fn(&RpcError) -> bool;

fn passes_unless_refused(error: &RpcError) -> bool {
    error.is_passing() && !error.is_refused()
}

fn request(id: usize, method: &'static str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rpc").field(&self.origin()).finish()
    }
}
