use super::check::Check;
use crate::cli::context::Context;
use crate::cli::services::{SmsArgs, SmsLocation, chain_name};

const NAME: &str = "chain";

/// Checks what says where keys are published.
pub(super) fn check(context: &Context, sms: &SmsArgs) -> (Check, Option<SmsLocation>) {
    let is_set = context.settings.chain.is_some() || context.cwd.join("chain.json").exists();
    match sms.place(context) {
        Ok(SmsLocation::Url(url)) => {
            let check = Check::skipped(NAME, "the URL of an SMS is set, and has priority");
            (check, Some(SmsLocation::Url(url)))
        }
        Ok(SmsLocation::Chain { chain, unknown }) if unknown.is_empty() => (
            Check::ok(NAME, chain_name(&chain)),
            Some(SmsLocation::Chain { chain, unknown }),
        ),
        Ok(SmsLocation::Chain { chain, unknown }) => {
            let lines: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            let found = format!("{}\n{}", chain_name(&chain), lines.join("\n"));
            let check = Check::warning(NAME, found).fix("Correct or remove them in chain.json.");
            (check, Some(SmsLocation::Chain { chain, unknown }))
        }
        Err(failure) if is_set => (Check::failed(NAME, failure), None),
        Err(_) => {
            let what = "none is named, which only publishing needs (--chain)";
            (Check::not_there(NAME, what), None)
        }
    }
}
