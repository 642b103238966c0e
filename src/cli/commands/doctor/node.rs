use std::time::Duration;

use super::args::Doctor;
use super::check::Check;
use crate::chain::rpc::{RpcError, RpcKind};
use crate::cli::context::Context;
use crate::cli::node::{hub, now};
use crate::cli::services::chosen_chain;
use crate::cli::ui::failure::Failure;
use crate::text::escape::Shown as _;

const NAME: &str = "node";

/// The longest wait for it, unless a shorter one is set.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A newer block is expected to be there.
const OLD: u64 = 300;

/// Checks the node that tasks are read from, where a chain is chosen: its chain, and its clock against this machine's.
pub(super) fn check(context: &Context, command: &Doctor) -> Option<Check> {
    // What is wrong with the choice is told where the chain is checked.
    let (chain, _) = chosen_chain(context).ok()?;
    let time = context.settings.timeout.min(LONGEST_WAIT);
    let hub = match hub(context, &chain, command.sms.quiet_options(time)) {
        Ok(hub) => hub,
        Err(failure) => return Some(warning(failure)),
    };
    let origin = hub.rpc().origin();
    let origin = origin.shown();
    if command.offline {
        return Some(Check::skipped(NAME, format!("{origin}: --offline")));
    }
    Some(match hub.block_time() {
        Err(error) => failed(error),
        Ok(time) if time.abs_diff(now()) <= OLD => Check::ok(
            NAME,
            format!("{origin} answers, and its time is this machine's"),
        ),
        Ok(time) => {
            let apart = time.abs_diff(now());
            let found = format!(
                "{origin}: its last block and this machine's clock are {apart} seconds apart"
            );
            Check::warning(NAME, found).fix(
                "Deadlines are computed with this machine's clock: set it if it is wrong. Otherwise the node lags behind: name another with --rpc-url.",
            )
        }
    })
}

fn failed(error: RpcError) -> Check {
    match error.kind() {
        RpcKind::Unreachable => warning(error.into()),
        _ => Check::failed(NAME, error.into()),
    }
}

/// Only who reads tasks and deals needs it.
fn warning(failure: Failure) -> Check {
    let found = format!(
        "{}; only commands about tasks and deals need it",
        failure.message()
    );
    Check::warning(NAME, found).fix(failure.advice())
}
