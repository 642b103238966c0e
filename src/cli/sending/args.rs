use std::time::Duration;

use clap::Args;

use crate::cli::node::NodeArgs;
use crate::cli::options::{groups, parse_time};
use crate::cli::trusted_hosts::TrustArgs;

/// The options of commands that send transactions.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Wait for this many confirmations: 1 is the block with the transaction
    #[arg(long, hide_short_help = true, value_name = "BLOCKS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) confirms: u64,
    /// The longest time to wait for the transaction (exit 37)
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    pub(super) transaction_timeout: Duration,
    #[command(flatten)]
    payer: groups::Payer,
    #[command(flatten)]
    trusted_hosts: groups::TrustedHosts,
    #[command(flatten)]
    pub(super) node: NodeArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
}
