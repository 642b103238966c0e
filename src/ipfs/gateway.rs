//! One gateway: what it is asked, and what its answers mean.

use tokio::time::Instant;

use super::error::{GatewayError, Words};
use super::location::Location;
use crate::http::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HttpClient, HttpError, HttpOptions, HttpRequest,
    HttpResponse, Method, Retry, ServiceLabel,
};

const SERVICE: ServiceLabel = ServiceLabel {
    name: "the IPFS gateway",
    exposed: "see which result is downloaded, and hold it back",
    takes_query: false,
};

#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) http: HttpClient,
}

impl Gateway {
    pub(super) fn new(url: &str, options: HttpOptions) -> Result<Self, HttpError> {
        let http = HttpClient::new(SERVICE, url, options)?;
        Ok(Self { http })
    }

    pub(super) fn origin(&self) -> String {
        self.http.origin()
    }

    /// Asks for the file at `location`. Returns an answer with status 200 or 206.
    pub(super) fn get(
        &self,
        location: &Location,
        query: &str,
        headers: HeaderMap,
        deadline: Instant,
    ) -> Result<HttpResponse, GatewayError> {
        let path = location.to_string();
        let url = self.http.url(path.trim_start_matches('/'), query);
        self.http.block_on(async {
            let request = HttpRequest {
                method: Method::GET,
                url: &url,
                headers,
                body: None,
                deadline,
            };
            let answer = self.http.send(&request).await?;
            match answer.status() {
                200 | 206 if is_encoded(&answer) => Err(self.unasked("compressed data")),
                200 | 206 => Ok(answer),
                _ => Err(self.refusal(answer).await),
            }
        })
    }

    /// Asks once for the empty file whose CID has all its bytes in it.
    pub(super) fn probe(&self) -> Result<u16, HttpError> {
        let url = self.http.url("ipfs/bafkqaaa", "format=raw");
        self.http.block_on(async {
            let request = HttpRequest {
                method: Method::GET,
                url: &url,
                headers: HeaderMap::new(),
                body: None,
                deadline: self.http.retry().deadline(),
            };
            Ok(self.http.send(&request).await?.status())
        })
    }

    /// Waits after a failure, if it may pass, and tells whether to try again.
    pub(super) fn waits(&self, retry: &mut Retry, error: &GatewayError) -> bool {
        let again = async { Ok::<_, HttpError>(retry.wait(error.retry_after()).await) };
        error.is_passing() && self.http.block_on(again).unwrap_or(false)
    }

    pub(super) fn unasked(&self, what: &'static str) -> GatewayError {
        GatewayError::Unasked {
            origin: self.origin(),
            what,
        }
    }

    /// The error that an answer stands for. The status alone decides.
    async fn refusal(&self, answer: HttpResponse) -> GatewayError {
        let (status, retry_after) = (answer.status(), answer.retry_after());
        let is_page = is_web_page(&answer);
        let message = answer.message().await;
        let (origin, message) = (
            self.origin(),
            // Of a page there would be nothing to see but its head.
            Words(if is_page { String::new() } else { message }),
        );
        match status {
            404 | 410 => GatewayError::NotFound {
                origin,
                status,
                message,
            },
            429 => GatewayError::TooOften {
                origin,
                message,
                retry_after,
            },
            504 => GatewayError::NotFoundInTime {
                origin,
                message,
                retry_after,
            },
            500.. => GatewayError::Failed {
                origin,
                status,
                message,
                retry_after,
            },
            _ => GatewayError::Refused {
                origin,
                status,
                message,
            },
        }
    }
}

/// Whether an answer is a page for people.
pub(super) fn is_web_page(answer: &HttpResponse) -> bool {
    let media_type = MediaType::of(answer);
    media_type.is("text/html") || media_type.is("application/xhtml+xml")
}

fn is_encoded(answer: &HttpResponse) -> bool {
    let encoding = answer.header(CONTENT_ENCODING).unwrap_or_default();
    !matches!(encoding.trim(), "" | "identity")
}

/// What an answer says that it is.
pub(super) struct MediaType(String);

impl MediaType {
    pub(super) fn of(answer: &HttpResponse) -> Self {
        let text = answer.header(CONTENT_TYPE).unwrap_or_default();
        Self(text.to_ascii_lowercase())
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.0.split(';').next().is_some_and(|it| it.trim() == name)
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.0.split(';').skip(1);
        parameters.find_map(|it| {
            let (key, value) = it.split_once('=')?;
            (key.trim() == name).then_some(value.trim().trim_matches('"'))
        })
    }
}
