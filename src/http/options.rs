use super::error::HttpError;
use super::limits::HttpLimits;

/// Options of a client.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Allow `http` without TLS to other machines. Whoever listens on the network path can read and replay what is sent.
    pub insecure_http: bool,
    /// Keep connections open for a few seconds, for the next request. Only for who changes nothing: on a connection that the
    /// server has left meanwhile, a request looks like one whose answer was lost.
    pub keep_connections: bool,
    /// The limits of time and attempts.
    pub limits: HttpLimits,
    /// The function to call after every request, answered or not.
    pub on_exchange: Option<fn(&Exchange<'_>)>,
}

/// A request, and what came back. No header and no body is in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a str,
    /// The URL, before any redirect; of one that is the service's own, the origin alone.
    pub url: &'a str,
    /// The status of the answer, or why there is none.
    pub outcome: Result<u16, &'a HttpError>,
}

/// The words for a service in errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServiceLabel {
    /// The name in a sentence.
    pub(crate) name: &'static str,
    /// The attack that TLS prevents, completing "everybody on the way could …".
    pub(crate) exposed: &'static str,
    /// Whether its URL may have a query, as where the key of its user is one.
    pub(crate) takes_query: bool,
}
