//! `iexec-hsm app run`: orders are found and checked, agreed to, signed, and made a deal of; its task is waited for.

mod args;
mod asked;
mod awaited;
mod named;
mod preflight;
mod resumed;
mod shown;

pub(crate) use args::Run;

use asked::Asked;
use awaited::Made;
use preflight::Preflight;
use shown::Shown;

use crate::chain::order::Match;
use crate::chain::poco::U256;
use crate::cli::commands::task::{Of, Wanted};
use crate::cli::context::Context;
use crate::cli::sending::{Sender, not_enough};
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::Pin;

/// What stands for it in the journal.
const WHAT: &str = "app run";

/// The price of gas may rise so many times before the deal is sent.
const RISE_OF_GAS: u64 = 2;

pub(super) fn run(context: &Context, command: &Run) -> Result<Reply, Failure> {
    // What is in the way of the result is told before anything is spent.
    let wanted = command.download.wanted(context, Of::Run)?;
    if command.resume {
        return resumed::run(context, command, wanted);
    }
    let mut sender = Sender::for_deal(context, &command.send)?;
    if wanted.as_ref().is_some_and(Wanted::is_decrypted) {
        sender.keep_pin();
    }
    let place = &sender.place;
    let failed = |error| place.failure(error);
    let domain = place.hub.domain().map_err(failed)?;
    context.tell("Preparing deal");
    let asked = Asked::of(context, &sender, command)?;
    asked.check(context, wanted.as_ref())?;
    let orders = asked.orders(context, place, &domain)?;
    let deal = orders.check(&place.hub, &domain)?;
    if !command.skip_preflight_check {
        Preflight {
            context,
            place,
            orders: &orders,
            tag: deal.tag,
        }
        .check()?;
    }
    let account = place.hub.account(sender.account).map_err(failed)?;
    check_stake(context, &deal, account.stake)?;
    let unsigned = orders.call(&place.hub);
    let rehearsal = sender.rehearse(&unsigned)?;
    if !rehearsal.is_complete {
        context.tell("This node does not try a call as if it were signed: the gas is a guess");
    }
    let category = orders.request.order.category;
    let shown = Shown {
        context,
        place,
        orders: &orders,
        deal: &deal,
        gas: rehearsal.gas_cost().saturating_mul(U256::from(RISE_OF_GAS)),
        stake: account.stake,
        time: place.hub.time_of_category(category).map_err(failed)?,
    };
    shown.bound(command.max_cost)?;
    if command.dry_run {
        let reply = Reply::new(shown.json());
        let reply = shown.lines().into_iter().fold(reply, Reply::text);
        return Ok(reply.note("Nothing was signed or sent."));
    }
    shown.agree(command.download.is_forced())?;
    let gas = shown.gas;
    context.tell("Submitting deal");
    let pin = keep_pin(context, wanted.as_ref());
    let (place, settled) = sender.make_deal(WHAT, (&unsigned, gas), |hub, wallet| {
        let mut orders = orders.clone();
        orders.sign(&domain, wallet)?;
        Ok((orders.call(hub), deal.deal))
    })?;
    context.secrets.pin.put(pin);
    Made {
        context,
        command,
        place: &place,
        deal: deal.deal,
        hash: Some(settled.hash),
    }
    .go_on(wanted)
}

/// Refuses a deal that the account has too little for.
fn check_stake(context: &Context, deal: &Match, stake: U256) -> Result<(), Failure> {
    if stake >= deal.needed {
        return Ok(());
    }
    let missing = deal.needed.saturating_sub(stake);
    let mut deposit = CommandLine::ours("account deposit");
    if let Some(chain) = context.settings.found.chain.text.as_deref() {
        deposit = deposit.option("--chain", chain);
    }
    let deposit = deposit.operand(missing.to_string());
    Err(not_enough("the account has deposited", stake, deal.needed)
        .hint(format!("`{deposit}` puts it in. Nothing was signed.")))
}

/// A copy of the PIN in the environment, for the result that is opened later.
fn keep_pin(context: &Context, wanted: Option<&Wanted>) -> Option<Pin> {
    let needed = wanted.is_some_and(Wanted::is_decrypted);
    context.secrets.pin.show(Pin::clone).filter(|_| needed)
}
