use std::time::Duration;

use crate::http::HttpError;

/// Why the market could not be asked, or did not answer as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarketError {
    /// It could not be asked, or did not answer as an HTTP server does.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// 429: too many requests. A retry helps later.
    #[error("the market {origin} takes no more requests for now (429)")]
    RateLimited {
        /// Scheme, host and port of the market.
        origin: String,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// 5xx: the market or a gateway in front of it failed. A retry may help.
    #[error("the market {origin} failed ({status}){}", said(.text))]
    Server {
        /// Scheme, host and port of the market.
        origin: String,
        /// The status.
        status: u16,
        /// Its words.
        text: String,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// Another status. A retry does not help.
    #[error("the market {origin} refused ({status}){}", said(.text))]
    Refused {
        /// Scheme, host and port of what answered.
        origin: String,
        /// The status.
        status: u16,
        /// Its words.
        text: String,
    },
    /// An answer that is none of iExec's market. A retry does not help.
    #[error("{origin} answers, but not as iExec's market does")]
    NotAMarket {
        /// Scheme, host and port of what answered.
        origin: String,
    },
    /// More pages than there can be: the same deals again, or more of them than are read.
    #[error("the market {origin} lists deals without end: {deals} were read")]
    Endless {
        /// Scheme, host and port of the market.
        origin: String,
        /// The deals that were read.
        deals: usize,
    },
}

impl MarketError {
    /// Whether it may pass within seconds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::RateLimited { .. } | Self::Server { .. } => true,
            _ => false,
        }
    }

    /// The wait that the market asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

fn said(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
