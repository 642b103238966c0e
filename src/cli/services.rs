//! The Secret Management Services that are spoken to, and what is told of each.

use std::ffi::OsStr;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::options::groups;
use super::trusted_hosts::Named;
use super::ui::failure::Failure;
use super::ui::reply::Reply;
use super::ui::status_line;
use crate::chain::{Chain, ChainFile, SmsUrl, TeeFramework, UnknownKey};
use crate::code::Code;
use crate::http::{Exchange, HttpLimits, HttpOptions};
use crate::sms::SmsClient;
use crate::text::escape::Shown as _;

/// The options that say where the key is published or looked for.
#[derive(Debug, Args)]
pub(crate) struct SmsArgs {
    #[command(flatten)]
    services: groups::Services,
    /// Allow http without TLS to other machines; anyone on the network path can replay the data
    #[arg(long, hide_short_help = true)]
    insecure_http: bool,
    #[command(flatten)]
    timeout: groups::Timeout,
}

/// An address or a chain that says where the services are.
pub(crate) enum SmsLocation {
    /// An address, in place of a chain's.
    Url(String),
    Chain {
        chain: Box<Chain>,
        /// Keys of `chain.json` that mean nothing.
        unknown: Vec<UnknownKey>,
    },
}

/// A service, and the frameworks that it was chosen for.
pub(crate) struct Service {
    url: String,
    frameworks: Vec<TeeFramework>,
    pub(crate) client: SmsClient,
}

impl SmsArgs {
    /// The services, each once. Nothing is sent yet.
    pub(crate) fn services(&self, context: &Context) -> Result<Vec<Service>, Failure> {
        let urls = self.urls(context)?;
        let limits = HttpLimits::within(context.settings.timeout);
        let options = http_options(context, self.insecure_http, limits);
        let service = |SmsUrl { frameworks, url }| {
            // An address with a password in it is refused here, and not shown.
            let client = SmsClient::new(&url, options.clone())?;
            context.tell(format_args!("Using SMS {}", url.shown()));
            if client.lacks_tls() {
                context.warn(format_args!(
                    "{} has no TLS: anyone on the network path can read what is sent, and send it again",
                    url.shown()
                ));
            }
            Ok(Service {
                url,
                frameworks,
                client,
            })
        };
        urls.into_iter().map(service).collect()
    }

    fn urls(&self, context: &Context) -> Result<Vec<SmsUrl>, Failure> {
        let place = self.place(context)?;
        if let SmsLocation::Chain { chain, unknown } = &place {
            for unknown in unknown {
                context.warn(unknown);
            }
            context.tell(format_args!("Using chain {}", chain_name(chain)));
        }
        self.urls_of(context, place)
    }

    /// Returns what says where the services are. Nothing is told.
    pub(crate) fn place(&self, context: &Context) -> Result<SmsLocation, Failure> {
        if let Some(url) = &context.settings.sms_url {
            return Ok(SmsLocation::Url(url.clone()));
        }
        let (chain, unknown) = chosen_chain(context)?;
        let chain = Box::new(chain);
        Ok(SmsLocation::Chain { chain, unknown })
    }

    /// The services of a place.
    pub(crate) fn urls_of(
        &self,
        context: &Context,
        place: SmsLocation,
    ) -> Result<Vec<SmsUrl>, Failure> {
        let framework = context.settings.tee_framework;
        match place {
            SmsLocation::Chain { chain, .. } => Ok(chain.sms_urls(framework.unwrap_or_default())?),
            SmsLocation::Url(url) => {
                let frameworks = Vec::new();
                Ok(vec![SmsUrl { frameworks, url }])
            }
        }
    }

    /// A client of one service, with so much time for all that it does.
    pub(crate) fn client(&self, url: &str, within: Duration) -> Result<SmsClient, Failure> {
        Ok(SmsClient::new(url, self.quiet_options(within))?)
    }

    /// Options of a client that is not told of, with so much time for all that it does.
    pub(crate) fn quiet_options(&self, within: Duration) -> HttpOptions {
        HttpOptions {
            insecure_http: self.insecure_http,
            limits: HttpLimits::within(within),
            ..HttpOptions::default()
        }
    }
}

/// The chain that is set, else the default of `chain.json`, and the keys of that file that mean nothing.
pub(crate) fn chosen_chain(context: &Context) -> Result<(Chain, Vec<UnknownKey>), Failure> {
    let file = ChainFile::load(&context.cwd)?;
    // Also where the address of an SMS goes before it.
    let wanted = context.settings.found.chain.text.as_deref();
    let wanted = wanted.map(OsStr::to_string_lossy);
    let chain = Chain::choose(wanted.as_deref(), file.as_ref())?;
    let unknown = file.map(|file| file.unknown_keys).unwrap_or_default();
    Ok((chain, unknown))
}

/// Options of a client whose requests are told of with `--verbose`.
pub(crate) fn http_options(
    context: &Context,
    insecure_http: bool,
    limits: HttpLimits,
) -> HttpOptions {
    HttpOptions {
        insecure_http,
        limits,
        on_exchange: context.says().then_some(say),
        ..HttpOptions::default()
    }
}

/// The chain's name and its number.
pub(crate) fn chain_name(chain: &Chain) -> String {
    let id = chain.entry.id.map(|id| format!(" [chainId: {id}]"));
    format!("{}{}", chain.name.shown(), id.unwrap_or_default())
}

impl Service {
    /// Adds what `--raw` says of it to other fields.
    pub(crate) fn json(&self, mut fields: Value) -> Value {
        let names: Vec<_> = self.frameworks.iter().map(|it| it.name()).collect();
        fields["sms"] = json!(self.url);
        fields["teeFrameworks"] = json!(names);
        fields
    }

    /// The frameworks and its address.
    fn name(&self) -> String {
        let names: Vec<_> = self.frameworks.iter().map(|it| it.name()).collect();
        format!("{} ({})", names.join(", "), self.url.shown())
    }
}

/// Those of the services that a project's file may have named: not an address that was given.
pub(crate) fn named_by_project(services: &[Service]) -> Vec<Named<'_>> {
    let of_chain = services.iter().filter(|it| !it.frameworks.is_empty());
    of_chain
        .map(|it| Named {
            service: "SMS",
            url: &it.url,
            gets: "the signature",
        })
        .collect()
}

/// Does `work` with each service. Of several, each outcome is told at once, one that fails does
/// not keep the others from theirs, and the first failure decides how the program ends.
pub(crate) fn each(
    context: &Context,
    services: &[Service],
    mut work: impl FnMut(&Service) -> Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    if let [service] = services {
        return work(service);
    }
    let mut first = None;
    for service in services {
        match work(service) {
            Ok(reply) => {
                reply
                    .of(&service.name())
                    .print(&context.global.command, context.global.raw);
            }
            Err(failure) => {
                let code = failure.code;
                failure
                    .of(&service.name())
                    .print(&context.global.command, context.global.raw);
                first = first.or(Some(code));
                // What is not the service's fault would fail with every other one.
                if !is_of_service(code) {
                    break;
                }
            }
        }
    }
    Ok(Reply::done(first))
}

fn is_of_service(code: Code) -> bool {
    matches!(
        code,
        Code::SmsNotReachable | Code::SmsRefused | Code::AlreadyPublished | Code::KeyNotFound
    )
}

/// Tells of a request, with `--verbose`.
fn say(exchange: &Exchange<'_>) {
    let outcome = match exchange.outcome {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    let (method, url) = (exchange.method, exchange.url);
    status_line::say(&format!("{method} {url}: {outcome}"));
}
