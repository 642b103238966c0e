use std::time::Duration;

use crate::http::HttpError;
use crate::wallet::address::Address;

/// Why the SMS could not be asked, or did not do what it was asked. Each variant says whether a retry can help;
/// none holds anything of the signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmsError {
    /// The SMS could not be asked, or did not answer as an HTTP server does.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The signature has not the form of one. A retry does not help.
    #[error("the signature is not `0x` and 130 hexadecimal digits; nothing was sent")]
    Signature,
    /// 400: it does not understand the request. A retry does not help.
    #[error("the SMS found the request malformed (400){}", said(.text))]
    BadRequest {
        /// The words of the SMS.
        text: String,
    },
    /// 401: the signature is not the owner's, or not for this value. A retry does not help.
    #[error("the SMS does not accept the signature (401)")]
    Unauthorized,
    /// 404 to something that should be there. A retry does not help.
    #[error("{origin} has nothing at the place where an SMS takes secrets (404)")]
    NotFound {
        /// Scheme, host and port of the SMS.
        origin: String,
    },
    /// 405: nothing can be published there. A retry does not help.
    #[error("{origin} does not take secrets (405)")]
    MethodNotAllowed {
        /// Scheme, host and port of the SMS.
        origin: String,
    },
    /// A secret of this name is there, and nobody said that it may be replaced. A retry does not help.
    #[error("Secret {name:?} already exists for {owner}")]
    AlreadyPublished {
        /// The owner.
        owner: Address,
        /// The secret's name.
        name: String,
    },
    /// 409, and yet no such secret is to be seen: the database of the SMS failed. A retry may help.
    #[error("the SMS could not store the value (409), although it has none")]
    Conflict,
    /// 413: the value is too long. A retry does not help.
    #[error("the value is too long for the SMS (413), which takes 4096 bytes")]
    TooLarge,
    /// 429: too many requests. A retry helps later.
    #[error("the SMS takes no more requests for now (429){}", later(.retry_after))]
    RateLimited {
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// 503: maintenance. A retry helps later.
    #[error("the SMS is in maintenance (503){}{}", said(.text), later(.retry_after))]
    Maintenance {
        /// The words of the SMS.
        text: String,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// Another 5xx: the SMS or a gateway in front of it failed. A retry may help.
    #[error("the SMS failed ({status}){}", said(.text))]
    Server {
        /// The status.
        status: u16,
        /// The words of the SMS.
        text: String,
    },
    /// A status that no SMS answers. A retry does not help.
    #[error("{origin} gave an answer that no SMS gives ({status}){}", said(.text))]
    Unexpected {
        /// Scheme, host and port of the SMS.
        origin: String,
        /// The status.
        status: u16,
        /// The words of the SMS.
        text: String,
    },
    /// The answer was lost, and asking again did not tell whether the value was stored. To publish again does no harm.
    #[error("it is not known whether the value was published: {cause}")]
    Unknown {
        /// The last failure.
        cause: Box<SmsError>,
    },
}

/// The kind of a failure, for those who only need to tell kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The URL or the signature cannot be used; nothing was sent.
    Usage,
    /// There was no answer of an SMS that is at work, or it is not known what became of the request.
    Unreachable,
    /// The SMS refused.
    Refused,
    /// A secret is already published.
    AlreadyPublished,
}

impl SmsError {
    /// The kind of the failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Http(HttpError::Url { .. } | HttpError::Plain { .. }) | Self::Signature => {
                Kind::Usage
            }
            Self::AlreadyPublished { .. } => Kind::AlreadyPublished,
            Self::BadRequest { .. }
            | Self::Unauthorized
            | Self::NotFound { .. }
            | Self::MethodNotAllowed { .. }
            | Self::Conflict
            | Self::TooLarge
            | Self::Unexpected {
                status: 400..=499, ..
            } => Kind::Refused,
            _ => Kind::Unreachable,
        }
    }

    /// Whether it may pass within seconds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::Conflict | Self::RateLimited { .. } | Self::Maintenance { .. } => true,
            Self::Server { status, .. } => *status != 501,
            _ => false,
        }
    }

    /// Whether there was no answer at all.
    pub(super) fn is_without_answer(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_without_answer())
    }

    /// The wait that the server asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Maintenance { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

fn said(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!(": {text}")
}

fn later(wait: &Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!("; it asks to wait {} seconds", wait.as_secs())
    })
}

#[cfg(test)]
mod tests;
