use std::time::Duration;

use crate::http::{HttpLimits, HttpOptions};

/// Options for gateways.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GatewayOptions {
    /// Of the HTTP client. The limits' `total` is the longest time for a file, `read` that in which something has to
    /// come, and the attempts are counted anew where something has come.
    pub http: HttpOptions,
    /// The most bytes of a file.
    pub max_size: u64,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        let limits = HttpLimits {
            // Before its first byte a gateway may look for it among others.
            read: Duration::from_secs(60),
            total: Duration::from_secs(24 * 3600),
            attempts: 4,
            ..HttpLimits::default()
        };
        Self {
            http: HttpOptions {
                limits,
                keep_connections: true,
                ..HttpOptions::default()
            },
            max_size: 32 * 1024 * 1024 * 1024,
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that are there. They may become fewer, when it has to begin again.
    pub bytes: u64,
    /// Bytes of the whole file, once they are known.
    pub total: Option<u64>,
}

/// A file that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// Bytes of it.
    pub bytes: u64,
    /// Whether they are those of the CID.
    pub check: CidCheck,
    /// Scheme, host and port of the gateway that gave the last of them.
    pub gateway: String,
}

/// Whether a file is the one that its CID names. Proven others are an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CidCheck {
    /// It is.
    Verified,
    /// It has another CID when it is added as most files are, and no gateway shows how it was added.
    AddedInAnotherWay,
    /// It was taken out of a folder, and no gateway shows what is in that.
    InFolder,
}
