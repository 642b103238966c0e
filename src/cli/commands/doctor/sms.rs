use std::time::Duration;

use super::args::Doctor;
use super::check::{Check, State};
use crate::chain::SmsUrl;
use crate::cli::context::Context;
use crate::cli::services::SmsLocation;
use crate::cli::trusted_hosts::is_trusted;
use crate::cli::ui::failure::Failure;
use crate::sms::challenge::RESULT_KEY_NAME;
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

const NAME: &str = "SMS";

/// The longest wait for one service, unless a shorter one is set.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Checks each service: whether it answers, and whether a key is published for the address.
pub(super) fn checks(context: &Context, command: &Doctor, place: SmsLocation) -> Vec<Check> {
    let is_of_chain = matches!(place, SmsLocation::Chain { .. });
    let urls = match command.sms.urls_of(context, place) {
        Ok(urls) => urls,
        Err(failure) => return vec![Check::failed(NAME, failure)],
    };
    let address = context.located().map(|located| located.address);
    let of = |service: &SmsUrl| {
        let check = check(context, command, service, address.as_ref());
        match is_of_chain && !is_trusted(context, &service.url) {
            true => strange(check),
            false => check,
        }
    };
    urls.iter().map(of).collect()
}

/// One that a project's file alone names.
fn strange(mut check: Check) -> Check {
    check.found.push_str(
        "; chain.json alone names it, so that publishing asks first (--trust-project, trusted-hosts)",
    );
    match check.state {
        State::Ok | State::NotThere => check.but(State::Warning),
        _ => check,
    }
}

fn check(
    context: &Context,
    command: &Doctor,
    service: &SmsUrl,
    address: Result<&Address, &Failure>,
) -> Check {
    let time = context.settings.timeout.min(LONGEST_WAIT);
    // An address with a password in it is refused here, and not shown.
    let client = match command.sms.client(&service.url, time) {
        Ok(client) => client,
        Err(failure) => return Check::failed(NAME, failure),
    };
    let url = &*service.url.shown();
    if command.offline {
        return Check::skipped(NAME, format!("{url}: --offline"));
    }
    let Ok(address) = address else {
        let what = format!("{url}: there is no address to ask for");
        return Check::skipped(NAME, what).fix("Name it with --wallet-address.");
    };
    match client.exists(*address, RESULT_KEY_NAME) {
        Ok(true) => {
            let found = format!("{url} answers; a key is published for {address}");
            let check = Check::ok(NAME, found);
            if client.lacks_tls() {
                return check
                    .but(State::Warning)
                    .fix("It has no TLS: anyone on the network path can read what is sent, and send it again.");
            }
            check
        }
        Ok(false) => Check::not_there(
            NAME,
            format!("{url} answers; no key is published for {address}"),
        )
        .fix("`iexec-hsm result push-encryption-key` publishes it."),
        Err(error) => Check::failed(NAME, Failure::from(error).of(url)),
    }
}
