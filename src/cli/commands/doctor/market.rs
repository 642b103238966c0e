use super::args::Doctor;
use super::check::Check;
use super::node::LONGEST_WAIT;
use crate::chain::poco::Hub;
use crate::cli::context::Context;
use crate::cli::node::{hub, market};
use crate::cli::services::chosen_chain;
use crate::cli::ui::failure::Failure;
use crate::text::escape::Shown as _;

const NAME: &str = "market";

/// Blocks that are searched for deals that it does not know yet.
const BLOCKS: u64 = 10_000;

/// Checks the market that deals are looked up in, where a chain with one is chosen: whether it answers, and whether it
/// knows the newest deals.
pub(super) fn check(context: &Context, command: &Doctor) -> Option<Check> {
    // What is wrong with the choice is told where the chain is checked.
    let (chain, _) = chosen_chain(context).ok()?;
    let options = command
        .sms
        .quiet_options(context.settings.timeout.min(LONGEST_WAIT));
    let market = match market(context, &chain, options.clone()) {
        Ok(market) => market?,
        Err(failure) => return Some(warning(failure)),
    };
    let origin = market.origin();
    let origin = origin.shown();
    if command.offline {
        return Some(Check::skipped(NAME, format!("{origin}: --offline")));
    }
    // That of the node is told where the node is checked.
    let hub = hub(context, &chain, options).ok();
    let chain_id = chain.entry.id;
    let chain_id = chain_id.or_else(|| hub.as_ref()?.chain_id().ok())?;
    let newest = match market.newest_deal(chain_id) {
        Ok(newest) => newest,
        Err(error) => return Some(warning(error.into())),
    };
    let known = newest.and_then(|it| it.block);
    let missing = hub.and_then(|hub| unknown_deals(&hub, known));
    Some(match missing {
        None => Check::ok(NAME, format!("{origin} answers")),
        Some(0) => Check::ok(
            NAME,
            format!("{origin} answers, and knows the newest deals of the chain"),
        ),
        Some(missing) => Check::warning(
            NAME,
            format!("{origin} lags behind: it does not know the {missing} newest deals"),
        )
        .fix("Wait until it has caught up, or read the chain's own events with --from-block."),
    })
}

/// How many deals in the newest blocks are newer than the one in the block `known`; none where the node does not tell.
fn unknown_deals(hub: &Hub, known: Option<u64>) -> Option<usize> {
    let last = hub.newest_block().ok()?;
    let window = last.saturating_sub(BLOCKS);
    let first = known.map_or(window, |known| window.max(known.saturating_add(1)));
    let made = hub.deals_made(first, last, &mut |_| {}).ok()?;
    Some(made.len())
}

/// Only who lists tasks needs it.
fn warning(failure: Failure) -> Check {
    let found = format!(
        "{}; only `task list` and `task pull` need it",
        failure.message()
    );
    Check::warning(NAME, found).fix(failure.advice())
}
