use std::net::IpAddr;

use reqwest::Url;

use super::error::SmsError;

/// The one name that means this machine.
pub(super) const LOCALHOST: &str = "localhost";

const PATH: &str = "secrets/web2";

/// Where an SMS is.
#[derive(Clone, Debug)]
pub(super) struct Server(Url);

impl Server {
    /// Reads the address of an SMS. Without TLS it must be on this machine, or `insecure_http` be said.
    pub(super) fn parse(text: &str, insecure_http: bool) -> Result<Self, SmsError> {
        let wrong = |reason| SmsError::Url { reason };
        let url = Url::parse(text.trim()).map_err(|_| wrong("it is no URL"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("it does not begin with `https://`"));
        }
        if has_credentials(&url) {
            return Err(wrong("it has a user name or password in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a `?` or `#` in it"));
        }
        let server = Self(url);
        if server.lacks_tls() && !insecure_http {
            return Err(SmsError::Plain {
                origin: server.origin(),
            });
        }
        Ok(server)
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        origin(&self.0)
    }

    pub(super) fn has_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether others are on the way to it who can read along.
    pub(super) fn lacks_tls(&self) -> bool {
        !self.has_tls() && !self.is_this_machine()
    }

    /// Whether a proxy may be asked to forward: with TLS it sees nothing, and where plain `http` to another
    /// machine was allowed it sees what others see. What stays on this machine is no proxy's business.
    pub(super) fn may_use_proxy(&self) -> bool {
        self.has_tls() || !self.is_this_machine()
    }

    /// The address of secret `name` of `owner`, spelled as iExec's SDK does.
    pub(super) fn target(&self, owner: &str, name: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{PATH}", self.0.path().trim_end_matches('/')));
        let (owner, name) = (encoded(owner), encoded(name));
        url.set_query(Some(&format!("ownerAddress={owner}&secretName={name}")));
        url
    }

    /// Where a redirect from `from` to `location` leads; only to the same origin.
    pub(super) fn redirected(&self, from: &Url, location: &str) -> Result<Url, SmsError> {
        let wrong = |to| SmsError::Redirected {
            origin: self.origin(),
            to,
        };
        let mut to = from
            .join(location)
            .map_err(|_| wrong("an unreadable address".to_owned()))?;
        if to.origin() != self.0.origin() {
            return Err(wrong(super::excerpt::excerpt(&origin(&to))));
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

/// What JavaScript's `encodeURIComponent` makes of it, and `!'()*` encoded too.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
