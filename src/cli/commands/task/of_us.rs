//! The tasks whose results are for one's own address: which, and who says so.

use std::sync::Arc;

use clap::Args;

use crate::chain::poco::{Id, U256};
use crate::cli::context::Context;
use crate::cli::idle::{refuse, setting};
use crate::cli::node::{NodeArgs, Place};
use crate::cli::options::{SETTINGS, groups};
use crate::cli::ui::failure::Failure;
use crate::task::{DealState, MOST_TASKS, deals_for};
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// The options that say whose tasks, and who tells of them.
#[derive(Debug, Args)]
pub(super) struct OfUs {
    /// The address that the results are for [default: that of the wallet]
    #[arg(long, visible_alias = "address", value_name = "ADDRESS")]
    beneficiary: Option<Address>,
    /// Only tasks that this address requested; anybody can request results for any address
    #[arg(long, value_name = "ADDRESS")]
    requester: Option<Address>,
    /// Only tasks that run this app
    #[arg(long, value_name = "ADDRESS")]
    app: Option<Address>,
    /// Read the chain's events from this block on, instead of asking the market
    #[arg(long, hide_short_help = true, value_name = "BLOCK")]
    from_block: Option<u64>,
    #[command(flatten)]
    market: groups::MarketUrl,
    #[command(flatten)]
    pub(super) node: NodeArgs,
}

/// Whose tasks are looked for, and where the search goes on.
pub(super) struct Search<'a> {
    context: &'a Context,
    args: &'a OfUs,
    pub(super) place: Arc<Place>,
    pub(super) beneficiary: Address,
    /// The block that events are read from the next time.
    from_block: Option<u64>,
    /// The deals that the chain's events told of so far.
    ids: Vec<Id>,
}

impl OfUs {
    /// Begins a search. Nothing is sent yet.
    pub(super) fn search<'a>(&'a self, context: &'a Context) -> Result<Search<'a>, Failure> {
        if self.from_block.is_some() {
            let market = setting(&SETTINGS.market_url, &context.settings.found.market_url);
            refuse(
                &[market],
                "with --from-block, which leaves the market alone",
                "Leave one of the two out.",
            )?;
        }
        let beneficiary = match self.beneficiary {
            Some(address) => address,
            None => context.located()?.address,
        };
        Ok(Search {
            context,
            args: self,
            place: Arc::new(self.node.place_for_reading(context)?),
            beneficiary,
            from_block: self.from_block,
            ids: Vec::new(),
        })
    }
}

impl Search<'_> {
    /// The deals, in the order in which they were made. Each is one by what the chain says, whoever has named it.
    pub(super) fn deals(&mut self) -> Result<Vec<Arc<DealState>>, Failure> {
        let ids = match self.from_block {
            Some(block) => self.ids_from_events(block)?,
            None => self.ids_from_market()?,
        };
        let found = deals_for(&self.place.hub, &ids, self.beneficiary);
        let mut deals = found.map_err(|it| self.place.failure(it))?;
        let is_meant = |wanted: Option<Address>, found| wanted.is_none_or(|it| it == found);
        deals.retain(|it| {
            is_meant(self.args.requester, it.deal.requester)
                && is_meant(self.args.app, it.deal.app.address)
        });
        deals.sort_by_key(|it| it.deal.start_time);
        for deal in &deals {
            if deal.deal.tasks > U256::from(MOST_TASKS) {
                self.context.warn(format_args!(
                    "the deal {} has {} tasks, of which the first {MOST_TASKS} are looked at",
                    deal.deal.id, deal.deal.tasks
                ));
            }
        }
        Ok(deals)
    }

    fn ids_from_market(&self) -> Result<Vec<Id>, Failure> {
        let market = self.place.market(self.context)?;
        let failed = |it| self.place.failure(it);
        let chain_id = self.place.hub.chain_id().map_err(failed)?;
        self.context
            .say(|| format!("Using market {}", market.origin().shown()));
        Ok(market.deals(chain_id, self.beneficiary)?)
    }

    /// Reads the events that came since the last time.
    fn ids_from_events(&mut self, first: u64) -> Result<Vec<Id>, Failure> {
        let hub = &self.place.hub;
        let failed = |it| self.place.failure(it);
        let last = hub.newest_block().map_err(failed)?;
        let mut on_part = |block| {
            self.context
                .say(|| format!("read the events up to block {block} of {last}"));
        };
        let made = hub.deals_made(first, last, &mut on_part).map_err(failed)?;
        let new: Vec<Id> = made.iter().map(|it| it.id).collect();
        // All others are of no more interest.
        let ours = deals_for(hub, &new, self.beneficiary).map_err(failed)?;
        self.ids.extend(ours.iter().map(|it| it.deal.id));
        self.from_block = Some(first.max(last.saturating_add(1)));
        Ok(self.ids.clone())
    }
}
