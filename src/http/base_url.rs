use std::net::IpAddr;

use reqwest::Url;

use super::error::HttpError;
use super::options::ServiceLabel;
use super::redact::redact;

/// The one name that means this machine.
pub(super) const LOCALHOST: &str = "localhost";

/// The URL of a service, which all its other URLs begin with.
#[derive(Clone, Debug)]
pub(super) struct BaseUrl(Url);

impl BaseUrl {
    /// Reads a URL. Without TLS it must be on this machine, or `insecure_http` be said.
    pub(super) fn parse(
        service: ServiceLabel,
        text: &str,
        insecure_http: bool,
    ) -> Result<Self, HttpError> {
        let wrong = |reason| HttpError::Url {
            service: service.name,
            reason,
        };
        let url = Url::parse(text.trim()).map_err(|_| wrong("it is no URL"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("it does not begin with `https://`"));
        }
        if has_credentials(&url) {
            return Err(wrong("it has a user name or password in it"));
        }
        if url.query().is_some() && !service.takes_query {
            return Err(wrong("it has a `?` in it"));
        }
        if url.fragment().is_some() {
            return Err(wrong("it has a `#` in it"));
        }
        let base = Self(url);
        if base.lacks_tls() && !insecure_http {
            return Err(HttpError::Plain {
                origin: base.origin(),
                exposed: service.exposed,
            });
        }
        Ok(base)
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        origin(&self.0)
    }

    pub(super) fn has_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether others on the network path to it can read along.
    pub(super) fn lacks_tls(&self) -> bool {
        !self.has_tls() && !self.is_this_machine()
    }

    /// Whether a proxy may be asked to forward: with TLS it sees nothing, and where plain `http` to another
    /// machine was allowed it sees what others see. What stays on this machine is no proxy's business.
    pub(super) fn may_use_proxy(&self) -> bool {
        self.has_tls() || !self.is_this_machine()
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of `path` under this one, with a query if it is not empty.
    pub(super) fn join(&self, path: &str, query: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url.set_query(Some(query).filter(|it| !it.is_empty()));
        url
    }

    /// The URL that a redirect from `from` to `location` leads to, which must have the same origin.
    pub(super) fn redirected(&self, from: &Url, location: &str) -> Result<Url, HttpError> {
        let wrong = |to| HttpError::Redirected {
            origin: self.origin(),
            to,
        };
        let mut to = from
            .join(location)
            .map_err(|_| wrong("an unreadable address".to_owned()))?;
        if to.origin() != self.0.origin() {
            return Err(wrong(redact(&origin(&to))));
        }
        if has_credentials(&to) {
            return Err(wrong("an address with a user name".to_owned()));
        }
        to.set_fragment(None);
        Ok(to)
    }

    fn is_this_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
        address.map_or(host == LOCALHOST, |address| address.is_loopback())
    }
}

fn origin(url: &Url) -> String {
    match url.host_str() {
        Some(_) => url.origin().ascii_serialization(),
        None => format!("a `{}` address", url.scheme()),
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests;
