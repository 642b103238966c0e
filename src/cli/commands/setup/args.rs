use clap::Args;

use crate::cli::options::{groups, parse_token_label};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm setup\n  iexec-hsm setup --no-input --token-label iexec --so-pin-file so-pin --pin-file pin --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(crate) struct Setup {
    /// Initialise an empty token with this label, unless a token has it already
    #[arg(long, value_name = "LABEL", value_parser = parse_token_label)]
    pub(super) token_label: Option<String>,
    #[command(flatten)]
    pub(super) so_pin_file: groups::SetupSoPinFile,
    /// Make a new key where the token has one already
    #[arg(long)]
    pub(super) new_key: bool,
    /// Modulus size of a new key [default: the largest of these that the token makes]
    #[arg(long, value_parser = ["2048", "3072", "4096"])]
    pub(super) bits: Option<String>,
    /// Take over a key, named by --key, that was imported, or that the token does not say it made
    #[arg(long)]
    pub(super) allow_imported: bool,
    /// Replace settings of the configuration that are others now
    #[arg(long)]
    pub(super) replace: bool,
}
