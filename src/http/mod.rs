//! The HTTP client of all services: TLS, names, origins, limits, retries, bodies of any length, and errors that repeat
//! nothing secret.
//!
//! Nothing else names `reqwest`, and it knows no service: its users say what a status means.

mod base_url;
mod body;
mod client;
mod connector;
mod error;
mod limits;
mod options;
#[cfg(feature = "cli")]
mod origin;
mod redact;
mod resolver;
mod response;
mod retry;
mod transport_error;

pub use error::HttpError;
pub use limits::HttpLimits;
pub use options::{Exchange, HttpOptions};

pub(crate) use body::HttpBody;
pub(crate) use client::{HttpClient, HttpRequest};
pub(crate) use options::ServiceLabel;
#[cfg(feature = "cli")]
pub(crate) use origin::Origin;
pub(crate) use redact::redact;
pub(crate) use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderValue, IF_RANGE, RANGE,
};
pub(crate) use reqwest::{Method, Url};
pub(crate) use response::HttpResponse;
pub(crate) use retry::Retry;
