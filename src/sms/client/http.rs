use std::sync::Arc;

use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::dns::Resolver;
use super::error::SmsError;
use super::limits::Limits;
use super::server::Server;

const USER_AGENT: &str = concat!("iexec-hsm/", env!("CARGO_PKG_VERSION"));

/// What makes the connections to `server`. It repeats nothing and follows nothing by itself.
pub(super) fn client(server: &Server, limits: &Limits) -> Result<reqwest::Client, SmsError> {
    let tls = tls(server).map_err(|error| SmsError::Setup {
        reason: error.to_string(),
    })?;
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Resolver)
        .user_agent(USER_AGENT)
        .connect_timeout(limits.connect)
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // A connection that the server has long left looks like a lost answer.
        .pool_max_idle_per_host(0);
    let builder = if server.may_use_proxy() {
        builder
    } else {
        builder.no_proxy()
    };
    builder.build().map_err(|error| SmsError::Setup {
        reason: error.without_url().to_string(),
    })
}

/// TLS with the system's roots; with none at all, and so with nobody, where the server has no TLS.
fn tls(server: &Server) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = if server.has_tls() {
        builder.with_platform_verifier()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
