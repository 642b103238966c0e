use std::time::Duration;

use crate::http::HttpError;
use crate::wallet::address::Address;

/// The code by which nodes say that they were asked too often.
const LIMIT_EXCEEDED: i64 = -32_005;

/// The codes by which nodes say that a contract refused: those of Geth, and of Nethermind.
const REVERTED: [i64; 2] = [3, -32_015];

/// Why a node could not be asked, or did not answer as it should. Each variant says whether a retry can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The node could not be asked, or did not answer as an HTTP server does.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// 429: too many requests. A retry helps later.
    #[error("the node {origin} takes no more requests for now (429)")]
    RateLimited {
        /// Scheme, host and port of the node.
        origin: String,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// 5xx: the node or a gateway in front of it failed. A retry may help.
    #[error("the node {origin} failed ({status}){}", said(.text))]
    Server {
        /// Scheme, host and port of the node.
        origin: String,
        /// The status.
        status: u16,
        /// The words of the node.
        text: String,
        /// The wait that it asks for.
        retry_after: Option<Duration>,
    },
    /// A status that no node answers. A retry does not help.
    #[error("{origin} gave an answer that no node gives ({status}){}", said(.text))]
    Unexpected {
        /// Scheme, host and port of what answered.
        origin: String,
        /// The status.
        status: u16,
        /// Its words.
        text: String,
    },
    /// An answer that is none of JSON-RPC. A retry does not help.
    #[error("{origin} answers, but not as a node of a chain does")]
    NotANode {
        /// Scheme, host and port of what answered.
        origin: String,
    },
    /// The node refused, with words of its own. A retry helps where it is busy alone.
    #[error("the node {origin} refused {method}{} ({code})", said(.message))]
    Refused {
        /// Scheme, host and port of the node.
        origin: String,
        /// The method that was asked for.
        method: &'static str,
        /// The code of JSON-RPC.
        code: i64,
        /// The words of the node.
        message: String,
        /// What a contract answered that was called; empty where there was none.
        data: Vec<u8>,
    },
    /// The number of the chain is not known, and nothing is signed for just any chain. A retry does not help.
    #[error("the number of the chain is not known")]
    NoChainId,
    /// The node is one of another chain. A retry does not help.
    #[error("the node {origin} is one of the chain {found}, not of the chain {expected}")]
    OtherChain {
        /// Scheme, host and port of the node.
        origin: String,
        /// The number that was configured.
        expected: u64,
        /// The number that the node says.
        found: u64,
    },
    /// At the hub's address is no iExec hub. A retry does not help.
    #[error("there is no iExec hub at {hub} on the chain of {origin}")]
    NoHub {
        /// The address.
        hub: Address,
        /// Scheme, host and port of the node.
        origin: String,
    },
}

/// The kind of a failure, for those who only need to tell kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RpcKind {
    /// The URL cannot be used; nothing was sent.
    Usage,
    /// There was no answer of a node that is at work.
    Unreachable,
    /// The node or the chain refused, or is another one.
    Refused,
}

impl RpcError {
    /// The kind of the failure.
    pub fn kind(&self) -> RpcKind {
        match self {
            Self::Http(HttpError::Url { .. } | HttpError::Plain { .. }) | Self::NoChainId => {
                RpcKind::Usage
            }
            Self::Refused { code, .. } if *code == LIMIT_EXCEEDED => RpcKind::Unreachable,
            Self::Refused { .. } | Self::OtherChain { .. } | Self::NoHub { .. } => RpcKind::Refused,
            _ => RpcKind::Unreachable,
        }
    }

    /// Whether the node has refused, in words of its own.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether a contract has refused the call, so that it was asked at least.
    pub(crate) fn is_revert(&self) -> bool {
        match self {
            Self::Refused {
                code,
                message,
                data,
                ..
            } => REVERTED.contains(code) || !data.is_empty() || message.contains("revert"),
            _ => false,
        }
    }

    /// Whether it may pass within seconds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::RateLimited { .. } => true,
            Self::Server { status, .. } => *status != 501,
            Self::Refused { code, .. } => *code == LIMIT_EXCEEDED,
            _ => false,
        }
    }

    /// The wait that the node asks for.
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
    if text.is_empty() {
        return String::new();
    }
    format!(": {text}")
}
