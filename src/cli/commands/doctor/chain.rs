use super::check::Check;
use crate::cli::context::Context;
use crate::cli::services::{Place, SmsArgs, chain_name};

const NAME: &str = "chain";

/// What says where keys are published.
pub(super) fn check(context: &Context, sms: &SmsArgs) -> (Check, Option<Place>) {
    let is_set = sms.chain.is_some()
        || context.config.chain.is_some()
        || context.cwd.join("chain.json").exists();
    match sms.place(context) {
        Ok(Place::Url(url)) => {
            let check = Check::skipped(NAME, "the address of an SMS is set, and goes before it");
            (check, Some(Place::Url(url)))
        }
        Ok(Place::Chain { chain, unknown }) if unknown.is_empty() => (
            Check::ok(NAME, chain_name(&chain)),
            Some(Place::Chain { chain, unknown }),
        ),
        Ok(Place::Chain { chain, unknown }) => {
            let lines: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            let found = format!("{}\n{}", chain_name(&chain), lines.join("\n"));
            let check = Check::warning(NAME, found).fix("Correct or remove them in chain.json.");
            (check, Some(Place::Chain { chain, unknown }))
        }
        Err(failure) if is_set => (Check::failed(NAME, failure), None),
        Err(_) => {
            let what = "none is named, which only publishing needs (--chain)";
            (Check::not_there(NAME, what), None)
        }
    }
}
