use std::fmt;
use std::thread;

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, Response, Url};
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, timeout_at};

use super::base_url::BaseUrl;
use super::body::HttpBody;
use super::error::HttpError;
use super::limits::HttpLimits;
use super::options::{Exchange, HttpOptions, ServiceLabel};
use super::response::HttpResponse;
use super::retry::Retry;
use super::{body, connector, transport_error};

const MOST_REDIRECTS: usize = 3;

/// A client of one service. It sends each request once, follows redirects within the service's origin, and blocks in
/// [`Self::block_on`] alone: the runtime behind it belongs to it and nobody else meets it.
pub(crate) struct HttpClient {
    service: ServiceLabel,
    base: BaseUrl,
    options: HttpOptions,
    http: reqwest::Client,
    /// Always there until the client is dropped.
    runtime: Option<Runtime>,
}

/// A request, made once at most.
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<&'a str>,
    pub(crate) deadline: Instant,
}

impl HttpClient {
    /// Makes a client of the service at `url`, whose path, if it has one, is kept in front. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub(crate) fn new(
        service: ServiceLabel,
        url: &str,
        options: HttpOptions,
    ) -> Result<Self, HttpError> {
        let base = BaseUrl::parse(service, url, options.insecure_http)?;
        let setup = |reason| HttpError::Setup {
            service: service.name,
            reason,
        };
        let http = connector::connector(&base, &options).map_err(setup)?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Self {
            service,
            base,
            options,
            http,
            runtime: Some(runtime),
        })
    }

    /// Scheme, host and port of the service.
    pub(crate) fn origin(&self) -> String {
        self.base.origin()
    }

    /// Whether it speaks to another machine without TLS.
    pub(crate) fn lacks_tls(&self) -> bool {
        self.base.lacks_tls()
    }

    /// The service's own URL.
    pub(crate) fn base(&self) -> &Url {
        self.base.url()
    }

    /// The URL of `path` under the service's own, with a query if it is not empty.
    pub(crate) fn url(&self, path: &str, query: &str) -> Url {
        self.base.join(path, query)
    }

    /// The attempts at one task, whose time begins now.
    pub(crate) fn retry(&self) -> Retry {
        self.retry_until(Instant::now() + self.options.limits.total)
    }

    /// The attempts at one task, whose time is over at `deadline`.
    pub(crate) fn retry_until(&self, deadline: Instant) -> Retry {
        Retry::new(&self.options.limits, deadline)
    }

    /// Does `work` on this thread, which waits for it.
    pub(crate) fn block_on<T, E: From<HttpError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(HttpError::Setup {
                service: self.service.name,
                reason: "the client is closed".to_owned(),
            }
            .into()),
        }
    }

    /// The answer to `request`, where redirects within the origin end.
    pub(crate) async fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
        let mut url = request.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let sent = self.send_to(url.clone(), request).await;
            self.tell(request, &sent);
            let response = sent?;
            match location(&response) {
                Some(location) => url = self.base.redirected(&url, &location)?,
                None => {
                    return Ok(HttpResponse {
                        response,
                        service: self.service,
                        origin: self.origin(),
                        deadline: request.deadline,
                        read: self.options.limits.read,
                    });
                }
            }
        }
        Err(HttpError::TooManyRedirects {
            origin: self.origin(),
        })
    }

    /// Has `work` read the body of an answer; of a long one, a thread of its own receives the rest ahead of it.
    ///
    /// # Errors
    /// When there cannot be another thread. What the body meets is met by who reads it.
    pub(crate) fn read_body<T>(
        &self,
        mut response: HttpResponse,
        work: impl FnOnce(HttpBody) -> T,
    ) -> Result<T, HttpError> {
        let first = self.block_on(async {
            let first = body::beginning(&mut response).await;
            Ok::<_, HttpError>(first)
        })?;
        let is_whole = body::is_whole(&first);
        let (receipt, body) = body::channel(first);
        if is_whole {
            return Ok(work(body));
        }
        thread::scope(|scope| {
            let received = async {
                body::receive(response, receipt).await;
                Ok::<_, HttpError>(())
            };
            let receive = || self.block_on(received);
            let started = thread::Builder::new().spawn_scoped(scope, receive);
            started.map_err(|error| HttpError::Setup {
                service: self.service.name,
                reason: error.to_string(),
            })?;
            Ok(work(body))
        })
    }

    async fn send_to(&self, url: Url, request: &HttpRequest<'_>) -> Result<Response, HttpError> {
        let builder = self.http.request(request.method.clone(), url);
        let mut builder = builder.headers(request.headers.clone());
        if let Some(body) = request.body {
            builder = builder.body(body.to_owned());
        }
        let HttpLimits { connect, read, .. } = self.options.limits;
        let until = Instant::now() + connect.saturating_add(read);
        let origin = self.origin();
        match timeout_at(until.min(request.deadline), builder.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(transport_error::of(self.service, origin, &error)),
            Err(_) => Err(HttpError::Timeout { origin }),
        }
    }

    fn tell(&self, request: &HttpRequest<'_>, sent: &Result<Response, HttpError>) {
        if let Some(on_exchange) = self.options.on_exchange {
            let origin = self.origin();
            on_exchange(&Exchange {
                method: request.method.as_str(),
                // Where a redirect has led is the server's word, and may hold anything; the path of a node's own URL is
                // often the key of its user.
                url: match request.url == self.base() {
                    true => &origin,
                    false => request.url.as_str(),
                },
                outcome: sent.as_ref().map(|response| response.status().as_u16()),
            });
        }
    }
}

impl Drop for HttpClient {
    fn drop(&mut self) {
        // The plain way waits for a name look-up that hangs, long after the total limit.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("origin", &self.origin())
            .field("limits", &self.options.limits)
            .finish_non_exhaustive()
    }
}

/// The URL that an answer redirects to, if it does.
fn location(response: &Response) -> Option<String> {
    let leads_on = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| leads_on)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const SERVICE: ServiceLabel = ServiceLabel {
        name: "the service",
        exposed: "read along",
        takes_query: false,
    };

    #[test]
    fn a_look_up_that_hangs_does_not_hold_up_the_end() {
        let client = HttpClient::new(SERVICE, "https://sms.test", HttpOptions::default()).unwrap();
        let (begun, begins) = mpsc::channel();
        client.runtime.as_ref().unwrap().spawn_blocking(move || {
            begun.send(()).unwrap();
            loop {
                thread::park();
            }
        });
        begins.recv().unwrap();
        drop(client);
    }
}
