//! When money can be claimed back.

use super::context::Context;
use super::node::now;
use super::ui::failure::Failure;
use super::ui::moments::{Moment, when};
use crate::chain::poco::U256;
use crate::code::Code;
use crate::task::is_over;

/// The failure before the time of a task or a deal is over; `time` is that of the newest block.
pub(crate) fn too_early(what: &str, deadline: U256, time: u64) -> Failure {
    let at = when(Moment(deadline.saturating_to()), time);
    let what = format!("Cannot claim a {what} before its time is over: {at}");
    Failure::new(Code::NotThereYet, what).hint("Nothing was sent.")
}

/// Says so where this machine's clock and the chain's do not agree on whether a time is over.
pub(crate) fn warn_of_clock(context: &Context, deadline: U256, time: u64) {
    let now = now();
    if is_over(deadline, now) != is_over(deadline, time) {
        context.warn(format_args!(
            "the newest block is {} seconds from this machine's clock, and the chain's own clock decides",
            now.abs_diff(time)
        ));
    }
}
