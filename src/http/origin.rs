use std::fmt;

use reqwest::Url;

/// Scheme, host and port: what a service is known by, whatever path is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// That of a URL; `None` where it is none of a service.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url.trim()).ok()?;
        let is_service = matches!(url.scheme(), "https" | "http") && url.has_host();
        is_service.then(|| Self(url.origin().ascii_serialization()))
    }

    /// Reads one that is written as such, or as a host alone, which stands for `https`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = match text.contains("://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        let url = Url::parse(&text).ok()?;
        let rest = (url.username(), url.password(), url.path(), url.query());
        (rest == ("", None, "/", None) && url.fragment().is_none())
            .then(|| Self::of(&text))
            .flatten()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_stands_for_https_at_its_port() {
        for (text, origin) in [
            ("sms.example", "https://sms.example"),
            ("SMS.example:443", "https://sms.example"),
            ("https://sms.example:8443", "https://sms.example:8443"),
            ("http://localhost:13300", "http://localhost:13300"),
            ("[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), origin);
            let url = format!("{origin}/a/b?c");
            assert_eq!(Origin::of(&url), Origin::parse(text));
        }
        assert_ne!(
            Origin::of("http://sms.example"),
            Origin::parse("sms.example")
        );
        assert_ne!(
            Origin::of("https://sms.example.evil"),
            Origin::parse("sms.example")
        );
        assert_ne!(
            Origin::of("https://sms.example@evil"),
            Origin::parse("sms.example")
        );
        for text in [
            "",
            "a b",
            "https://me@host",
            "host/path",
            "ftp://host",
            "host?x",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
        assert_eq!(Origin::of("file:///etc"), None);
    }
}
