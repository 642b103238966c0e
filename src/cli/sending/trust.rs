//! The contract that money goes to: whoever brings a project along could else have it sent to one of theirs.

use crate::chain::Chain;
use crate::cli::context::Context;
use crate::cli::trusted_hosts::{Named, TrustArgs};
use crate::cli::ui::failure::Failure;

/// Has a person, or the option, agree to a node and a hub that only the project names.
pub(super) fn agree(context: &Context, trust: &TrustArgs, chain: &Chain) -> Result<(), Failure> {
    let hub = chain.hub()?;
    if !chain.has_built_in_hub() {
        trust.agree_to_contract(context, hub)?;
    }
    let of_project = context.settings.rpc_url.is_none();
    let url = chain.rpc_host().ok().filter(|_| of_project);
    let named = url.map(|url| Named {
        service: "node",
        url,
        gets: "the transaction",
    });
    trust.agree(context, named.as_slice())
}
