//! The chain that tasks and deals are read from: its node, its hub, and who may know why a task failed.

use std::time::{Duration, SystemTime};

use clap::Args;

use super::context::Context;
use super::idle::{refuse, setting};
use super::options::{SETTINGS, groups, parse_limit, parse_time};
use super::services::{chain_name, chosen_chain, http_options};
use super::ui::failure::Failure;
use crate::chain::Chain;
use crate::chain::money::coins;
use crate::chain::poco::{Hub, Id, Task, U256};
use crate::chain::rpc::{Rpc, RpcError, RpcKind};
use crate::code::Code;
use crate::http::{HttpLimits, HttpOptions};
use crate::market::Market;
use crate::task::{Cause, Event, Pace, Scheduler};
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// Chains that iExec has left, by their numbers.
const LEFT: [u64; 2] = [1, 134];

/// The longest time for a hint that a command does not need.
const HINT_TIME: Duration = Duration::from_secs(5);

/// The options that say which chain is read, and through which node.
#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    chain: groups::Chain,
    /// Allow http without TLS to other machines; anyone on the network path can change the data
    #[arg(long, hide_short_help = true)]
    insecure_http: bool,
    #[command(flatten)]
    timeout: groups::Timeout,
}

/// The options of those who wait for an end.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Wait until it ends: completed (exit 0), or failed or timed out (exit 41)
    #[arg(long)]
    pub(crate) watch: bool,
    /// With --watch: ask again every TIME
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "5s", value_parser = parse_limit, requires = "watch")]
    interval: Duration,
    /// With --watch: wait at most TIME (exit 42)
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "watch")]
    watch_timeout: Option<Duration>,
}

/// A chain, and its hub.
pub(crate) struct Place {
    pub(crate) chain: Chain,
    pub(crate) hub: Hub,
    pub(crate) options: HttpOptions,
}

impl NodeArgs {
    /// Refuses them where no node is asked.
    pub(crate) fn refuse(&self, context: &Context, why: &str, hint: &str) -> Result<(), Failure> {
        let found = &context.settings.found;
        let options = [
            setting(&SETTINGS.chain, &found.chain),
            setting(&SETTINGS.rpc_url, &found.rpc_url),
            setting(&SETTINGS.compass_url, &found.compass_url),
            setting(&SETTINGS.timeout, &found.timeout),
            ("insecure_http", self.insecure_http),
        ];
        refuse(&options, why, hint)
    }

    /// The hub of the chosen chain. Nothing is sent yet.
    pub(crate) fn place(&self, context: &Context) -> Result<Place, Failure> {
        self.make_place(context, false)
    }

    /// The same, for who changes nothing there.
    pub(crate) fn place_for_reading(&self, context: &Context) -> Result<Place, Failure> {
        self.make_place(context, true)
    }

    fn make_place(&self, context: &Context, keep_connections: bool) -> Result<Place, Failure> {
        let (chain, unknown) = chosen_chain(context)?;
        for unknown in unknown {
            context.warn(unknown);
        }
        context.tell(format_args!("Using chain {}", chain_name(&chain)));
        let limits = HttpLimits::within(context.settings.timeout);
        let options = HttpOptions {
            keep_connections,
            ..http_options(context, self.insecure_http, limits)
        };
        let hub = hub(context, &chain, options.clone())?;
        if hub.rpc().lacks_tls() {
            context.warn(format_args!(
                "{} has no TLS: anyone on the network path can change what the chain seems to say",
                hub.rpc().origin().shown()
            ));
        }
        Ok(Place {
            chain,
            hub,
            options,
        })
    }
}

/// The market of a chain; none where neither a setting nor the chain names one.
pub(crate) fn market(
    context: &Context,
    chain: &Chain,
    options: HttpOptions,
) -> Result<Option<Market>, Failure> {
    let set = context.settings.market_url.as_deref();
    let url = set.or(chain.entry.market.as_deref());
    let market = url.map(|url| Market::new(url, options)).transpose()?;
    Ok(market)
}

/// The hub of a chain, through the node that is set, else that of the chain.
pub(crate) fn hub(context: &Context, chain: &Chain, options: HttpOptions) -> Result<Hub, Failure> {
    let url = match &context.settings.rpc_url {
        Some(url) => url,
        None => chain.rpc_host()?,
    };
    let rpc = Rpc::new(url, options)?;
    let is_free = chain.entry.use_gas == Some(false);
    Ok(Hub::new(rpc, chain.hub()?, chain.entry.id).without_gas(is_free))
}

impl Place {
    /// An amount of the chain's own coin, from wei.
    pub(crate) fn coins(&self, wei: U256) -> String {
        let coin = match self.chain.entry.native {
            Some(true) => "RLC",
            _ => "ETH",
        };
        format!("{} {coin}", coins(wei))
    }

    /// The market, of which a person is told.
    pub(crate) fn market(&self, context: &Context) -> Result<Market, Failure> {
        let Some(market) = market(context, &self.chain, self.options.clone())? else {
            let what = format!("no market is known for chain {}", self.chain.label());
            return Err(Failure::new(Code::Usage, what).hint(
                "Name one with --market-url or as `iexecGateway` in chain.json; --from-block reads the chain's own events.",
            ));
        };
        if market.lacks_tls() {
            context.warn(format_args!(
                "{} has no TLS: anyone on the network path can hide deals",
                market.origin().shown()
            ));
        }
        Ok(market)
    }

    /// A failure of the node, with a word more where the chain is one that iExec has left.
    pub(crate) fn failure(&self, error: RpcError) -> Failure {
        let left = self.chain.entry.id.filter(|id| LEFT.contains(id));
        let unreachable = error.kind() == RpcKind::Unreachable;
        let failure = Failure::from(error);
        match left.filter(|_| unreachable) {
            Some(_) => failure
                .and_hint("iExec has left this chain: its SDK does not know it since version 9."),
            None => failure,
        }
    }

    /// Why the workers of a task have failed, as far as anybody tells; nothing depends on it.
    pub(crate) fn causes(&self, context: &Context, task: &Task) -> Vec<Cause> {
        let find = || {
            let set = context.settings.compass_url.as_deref();
            let compass = set.or(self.chain.entry.compass.as_deref())?;
            let deal = self.hub.deal(task.deal).ok().flatten()?;
            let causes = self.ask_scheduler(compass, deal.workerpool.address, task.id);
            match causes {
                Ok(causes) => Some(causes),
                Err(error) => {
                    context.say(|| format!("no cause is known: {error}"));
                    None
                }
            }
        };
        find().unwrap_or_default()
    }

    fn ask_scheduler(
        &self,
        compass: &str,
        workerpool: Address,
        task: Id,
    ) -> Result<Vec<Cause>, crate::task::SchedulerError> {
        let mut options = self.options.clone();
        options.limits = HttpLimits::within(options.limits.total.min(HINT_TIME));
        let chain_id = self.chain.entry.id.unwrap_or_default();
        Scheduler::find(compass, chain_id, workerpool, &options)?.causes(task)
    }
}

impl WatchArgs {
    pub(crate) fn pace(&self) -> Pace {
        Pace::new(self.interval, self.watch_timeout)
    }
}

/// Tells a person that the node is away, and that it is back.
pub(crate) fn tell_of_node(context: &Context) -> impl FnMut(Event<'_>) + '_ {
    |event| match event {
        Event::NodeAway(error) => context.warn(format_args!("{error}; it is asked again")),
        _ => context.tell("The node answers again."),
    }
}

/// Seconds since 1970 by this machine's clock, which the SDK goes by, too.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
