use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::server::LOCALHOST;

/// Looks names up as the system does, and leaves its mark on a failure, by which it is told from other
/// failures to connect.
#[derive(Debug)]
pub(super) struct Resolver;

/// A name that was not found.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {reason}")]
pub(super) struct NotFound {
    pub(super) host: String,
    pub(super) reason: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = look_up(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(host: &str) -> Result<Vec<SocketAddr>, NotFound> {
    let not_found = |reason: String| NotFound {
        host: host.to_owned(),
        reason,
    };
    let found = tokio::net::lookup_host((host, 0)).await;
    let mut addresses: Vec<_> = found
        .map_err(|error| not_found(error.to_string()))?
        .collect();
    if host == LOCALHOST {
        // This name may be spoken to without TLS, so it has to be what it says.
        addresses.retain(|address| address.ip().is_loopback());
    }
    if addresses.is_empty() {
        return Err(not_found("it has no address".to_owned()));
    }
    Ok(addresses)
}
