//! The hosts that a file of a project may name: those that are built in, and those of the user's own settings.
//! Any other is told and asked for before something is signed for it. Whoever brings a project along could
//! else have that sent to a host of theirs, and use it at the real one.

use clap::Args;

use super::context::Context;
use super::ui::failure::Failure;
use crate::chain::built_in_urls;
use crate::code::Code;
use crate::http::Origin;
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// The option of commands that sign or pay.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Trust hosts and contracts that only this folder's chain.json names
    #[arg(long, hide_short_help = true)]
    trust_project: bool,
}

/// A service that a project's file names.
pub(crate) struct Named<'a> {
    /// Its kind, in words.
    pub(crate) service: &'a str,
    pub(crate) url: &'a str,
    /// What it would get.
    pub(crate) gets: &'a str,
}

/// Whether `url` is at a host that is built in, or that the user trusts.
pub(crate) fn is_trusted(context: &Context, url: &str) -> bool {
    let Some(origin) = Origin::of(url) else {
        return false;
    };
    let own = context.settings.trusted_hosts.iter().flatten();
    let built_in = built_in_urls().filter_map(Origin::of);
    built_in.chain(own.cloned()).any(|it| it == origin)
}

impl TrustArgs {
    /// Has a person, or the option, agree to each service at a host that only the project names.
    pub(crate) fn agree(&self, context: &Context, named: &[Named<'_>]) -> Result<(), Failure> {
        let mut unknown = named.iter().filter(|it| !is_trusted(context, it.url));
        unknown.try_for_each(|it| self.agree_to(context, it))
    }

    /// Has a person, or the option, agree to a hub that only the project names.
    pub(crate) fn agree_to_contract(&self, context: &Context, hub: Address) -> Result<(), Failure> {
        let what = format!(
            "the contract {hub} is named by chain.json in this folder alone: it is not the hub that iExec has on this chain"
        );
        if self.trust_project {
            context.warn(&what);
            return Ok(());
        }
        let question =
            format!("warning: {what}.\nWhoever made it can keep what is sent there. Go on? (y/N) ");
        if context.confirm(&question) {
            return Ok(());
        }
        Err(Failure::new(Code::Usage, what)
            .hint("Only if you trust it: --trust-project; without `hub` in chain.json the chain's own is used."))
    }

    fn agree_to(&self, context: &Context, named: &Named<'_>) -> Result<(), Failure> {
        let Named { service, url, gets } = named;
        let address = match *service {
            "node" => "--rpc-url",
            _ => "--sms-url",
        };
        let host = Origin::of(url).map_or_else(|| url.shown().into_owned(), |it| it.to_string());
        let what = format!(
            "the {service} {host} is named by chain.json in this folder alone: it is neither built in nor one of your trusted-hosts"
        );
        if self.trust_project {
            context.warn(&what);
            return Ok(());
        }
        let question = format!(
            "warning: {what}.\nWhoever answers there can use {gets} at the real one. Send it there? (y/N) "
        );
        if context.confirm(&question) {
            return Ok(());
        }
        Err(Failure::new(Code::Usage, what).hint(format!(
            "Only if you trust it: --trust-project for this run, `trusted-hosts = {host:?}` in your configuration for good, or {address}."
        )))
    }
}
