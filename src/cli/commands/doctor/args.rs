use clap::Args;

use crate::cli::options::groups;
use crate::cli::services::SmsArgs;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iexec-hsm doctor --selftest")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) sms: SmsArgs,
    #[command(flatten)]
    chain: groups::ChainServices,
    #[command(flatten)]
    ipfs_gateway: groups::IpfsGateway,
    #[command(flatten)]
    pub(super) wallet: groups::Wallet,
    /// Log in with the PIN, and look at the private keys
    #[arg(long)]
    pub(super) login: bool,
    /// Log in, seal a small result to the key and open it with the token
    #[arg(long)]
    pub(super) selftest: bool,
    /// Do not use the network
    #[arg(long)]
    pub(super) offline: bool,
}
