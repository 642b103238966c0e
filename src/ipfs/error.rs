use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use super::car::CarError;
use super::cid::Cid;
use crate::http::HttpError;

/// Why a gateway did not give a file. Its origin is scheme, host and port of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// It cannot be reached, or does not answer as an HTTP server does.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It does not have it, nor knows anybody who has.
    #[error("{origin} does not have it (status {status}){message}")]
    NotFound {
        /// The gateway.
        origin: String,
        /// The status.
        status: u16,
        /// Its own words.
        message: Words,
    },
    /// It asks for fewer requests.
    #[error("{origin} is asked too often (status 429){message}")]
    TooOften {
        /// The gateway.
        origin: String,
        /// Its own words.
        message: Words,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// It looked for it in vain, for now.
    #[error("{origin} did not find it in time (status 504){message}")]
    NotFoundInTime {
        /// The gateway.
        origin: String,
        /// Its own words.
        message: Words,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// It failed.
    #[error("{origin} failed with status {status}{message}")]
    Failed {
        /// The gateway.
        origin: String,
        /// The status.
        status: u16,
        /// Its own words.
        message: Words,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// It refuses to give it.
    #[error("{origin} refused with status {status}{message}")]
    Refused {
        /// The gateway.
        origin: String,
        /// The status.
        status: u16,
        /// Its own words.
        message: Words,
    },
    /// A web page came in the place of the file.
    #[error("{origin} sent a web page in the place of the file")]
    WebPage {
        /// The gateway.
        origin: String,
    },
    /// The answer is right by its status and of no use.
    #[error("{origin} sent {what}, which was not asked for")]
    Unasked {
        /// The gateway.
        origin: String,
        /// What it sent.
        what: &'static str,
    },
    /// Asked for the rest of a file, it sent something else.
    #[error("{origin} does not send the rest of the file that it was asked for")]
    BadRange {
        /// The gateway.
        origin: String,
    },
    /// The answer ended before the file did.
    #[error("{origin} sent only a part of the file")]
    Cut {
        /// The gateway.
        origin: String,
    },
    /// The CAR that came is of no use.
    #[error("the CAR from {origin} cannot be used: {error}")]
    Car {
        /// The gateway.
        origin: String,
        /// The reason.
        error: CarError,
    },
    /// The bytes that came are not those of the CID.
    #[error("{origin} sent other bytes than those of {cid}")]
    Different {
        /// The gateway.
        origin: String,
        /// The CID of the block or file.
        cid: Cid,
    },
    /// More bytes than allowed.
    #[error("what {origin} sends is larger than {limit} bytes")]
    TooLarge {
        /// The gateway.
        origin: String,
        /// The limit.
        limit: u64,
    },
}

impl GatewayError {
    /// Whether the same request may be answered within seconds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::TooOften { .. }
            | Self::NotFoundInTime { .. }
            | Self::BadRange { .. }
            | Self::Cut { .. } => true,
            // Neither implemented, nor this version of HTTP.
            Self::Failed { status, .. } => !matches!(status, 501 | 505),
            _ => false,
        }
    }

    pub(super) fn is_different(&self) -> bool {
        matches!(self, Self::Different { .. })
    }

    /// Whether a gateway that does not give a CAR, because of this, may give the plain file.
    pub(super) fn may_give_plain_file(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::Refused { .. }
                | Self::WebPage { .. }
                | Self::Unasked { .. }
                | Self::Cut { .. }
                | Self::Car { .. }
                | Self::Failed { status: 501, .. }
        )
    }

    /// The wait that the gateway asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { retry_after, .. }
            | Self::NotFoundInTime { retry_after, .. }
            | Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// A gateway's own words, which may be none; fit for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub(super) String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            "" => Ok(()),
            words => write!(f, ": {words}"),
        }
    }
}

/// Why there is no file in the end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No gateway gave it: what each of them met, in their order.
    #[error("{}", all(.0))]
    Gateways(Vec<GatewayError>),
    /// It could not be written.
    #[error("it cannot be written: {0}")]
    Write(#[source] io::Error),
}

fn all(failures: &[GatewayError]) -> String {
    let texts: Vec<_> = failures.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

impl FetchError {
    /// Whether a gateway sent bytes that are proven to be others than those of the CID.
    pub fn is_different(&self) -> bool {
        self.any(GatewayError::is_different)
    }

    /// Whether it is larger than allowed.
    pub fn is_too_large(&self) -> bool {
        self.any(|error| matches!(error, GatewayError::TooLarge { .. }))
    }

    /// Whether every gateway says that it does not have it.
    pub fn is_not_found(&self) -> bool {
        !self.any(|error| !matches!(error, GatewayError::NotFound { .. }))
            && matches!(self, Self::Gateways(_))
    }

    fn any(&self, is: impl Fn(&GatewayError) -> bool) -> bool {
        match self {
            Self::Gateways(failures) => failures.iter().any(is),
            Self::Write(_) => false,
        }
    }
}
