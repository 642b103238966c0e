use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::base_url::BaseUrl;
use super::options::HttpOptions;
use super::resolver::Resolver;

const USER_AGENT: &str = concat!("iexec-hsm/", env!("CARGO_PKG_VERSION"));

/// Connections that are kept, and the time without a request after which each is given up: servers wait a little longer.
const MOST_KEPT: usize = 32;
const KEPT: Duration = Duration::from_secs(4);

/// Makes the connections to a service. It repeats nothing and follows nothing by itself.
pub(super) fn connector(base: &BaseUrl, options: &HttpOptions) -> Result<Client, String> {
    let tls = tls(base.has_tls()).map_err(|error| error.to_string())?;
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Resolver)
        .user_agent(USER_AGENT)
        .connect_timeout(options.limits.connect)
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // A connection that the server has long left looks like a lost answer.
        .pool_max_idle_per_host(if options.keep_connections {
            MOST_KEPT
        } else {
            0
        })
        .pool_idle_timeout(KEPT);
    let builder = if base.may_use_proxy() {
        builder
    } else {
        builder.no_proxy()
    };
    builder
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// TLS with the system's roots; with none at all, and so with nobody, where TLS is not `wanted`.
fn tls(wanted: bool) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = if wanted {
        builder.with_platform_verifier()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
