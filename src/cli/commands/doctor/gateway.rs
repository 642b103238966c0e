use std::time::Duration;

use super::args::Doctor;
use super::check::Check;
use crate::cli::context::Context;
use crate::cli::gateways::gateways;
use crate::cli::services::chosen_chain;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::text::escape::Shown as _;

const NAME: &str = "gateway";

/// The longest wait for one of them, unless a shorter one is set.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Checks each gateway that results are downloaded from, where a chain is chosen: whether it answers.
pub(super) fn checks(context: &Context, command: &Doctor) -> Vec<Check> {
    // What is wrong with the choice is told where the chain is checked.
    let Ok((chain, _)) = chosen_chain(context) else {
        return Vec::new();
    };
    let time = context.settings.timeout.min(LONGEST_WAIT);
    let options = command.sms.quiet_options(time);
    let gateways = match gateways(context, &chain, options, 0) {
        Ok(gateways) => gateways,
        Err(failure) => return vec![warning(failure)],
    };
    if command.offline {
        let skipped = |origin: String| Check::skipped(NAME, format!("{origin}: --offline"));
        return gateways.origins().map(skipped).collect();
    }
    let check = |(origin, error): (String, _)| match error {
        None => Check::ok(NAME, format!("{} answers", origin.shown())),
        Some(error) => {
            let hint = hints::gateway(&error);
            warning(Failure::new(crate::code::Code::GatewayFailed, error).hint(hint))
        }
    };
    gateways.probe().into_iter().map(check).collect()
}

/// Only who downloads results needs it.
fn warning(failure: Failure) -> Check {
    let found = format!("{}; only downloads of results need it", failure.message());
    Check::warning(NAME, found).fix(failure.advice())
}
