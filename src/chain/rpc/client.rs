use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer;
use super::error::RpcError;
use crate::http::{
    CONTENT_TYPE, HeaderMap, HeaderValue, HttpClient, HttpOptions, HttpRequest, Method,
    ServiceLabel,
};

const SERVICE: ServiceLabel = ServiceLabel {
    name: "the node",
    exposed: "change what the chain seems to say",
};

/// Bytes of the longest answer that is read. Results on the chain are paid for by the byte, and are short.
const LONGEST_ANSWER: usize = 8 << 20;

/// A client of one node. Its functions block; what may pass, such as a node that is busy, is asked again.
pub struct Rpc {
    http: HttpClient,
}

impl Rpc {
    /// A client of the node at `url`, whose path, and query, may hold the user's key for it. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, RpcError> {
        let http = HttpClient::new(SERVICE, url, options)?;
        Ok(Self { http })
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
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let body = request.to_string();
        self.http.block_on(async {
            let mut retry = self.http.retry();
            loop {
                match self.ask(method, &body, retry.deadline()).await {
                    Err(error) if error.is_passing() && retry.wait(error.retry_after()).await => (),
                    answer => return answer,
                }
            }
        })
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

    async fn ask(
        &self,
        method: &'static str,
        body: &str,
        deadline: Instant,
    ) -> Result<Value, RpcError> {
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
        let bytes = response.bytes(LONGEST_ANSWER).await?;
        answer::read(origin, method, &bytes)
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rpc").field(&self.origin()).finish()
    }
}
