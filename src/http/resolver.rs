use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::base_url::LOCALHOST;

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
    let found = found.map_err(|error| not_found(error.to_string()))?;
    let addresses = allowed(host, found);
    if addresses.is_empty() {
        return Err(not_found("it has no address".to_owned()));
    }
    Ok(addresses)
}

fn allowed(host: &str, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    // This name may be spoken to without TLS, so it has to be what it says.
    let loopback_only = host == LOCALHOST;
    found
        .filter(|address| !loopback_only || address.ip().is_loopback())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_nowhere_else() {
        let here = [
            ([127, 0, 0, 1], 0).into(),
            ([0, 0, 0, 0, 0, 0, 0, 1], 0).into(),
        ];
        let all = [here[0], ([192, 0, 2, 1], 0).into(), here[1]];
        assert_eq!(allowed("localhost", all.into_iter()), here);
        assert_eq!(allowed("sms.test", all.into_iter()), all);
    }
}
