use clap::Args;

use crate::cli::options::{groups, parse_token_label};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm setup\n  iexec-hsm setup --no-input --token-label iexec --so-pin-file so-pin --pin-file pin --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(crate) struct Setup {
    /// Initialise an empty token with this label, unless one has it
    #[arg(long, value_name = "LABEL", value_parser = parse_token_label)]
    pub(super) token_label: Option<String>,
    #[command(flatten)]
    pub(super) so_pin_file: groups::SetupSoPinFile,
    /// Make a new key where the token has one already
    #[arg(long)]
    pub(super) new_key: bool,
    /// The size of a new key in bits [default: the largest that the token makes]
    #[arg(long, value_parser = ["2048", "3072", "4096"])]
    pub(super) bits: Option<String>,
    /// With --key: adopt a key that was imported, or whose origin the token does not confirm
    #[arg(long)]
    pub(super) allow_imported: bool,
    /// Replace settings of the configuration that differ
    #[arg(long)]
    pub(super) replace: bool,
}
