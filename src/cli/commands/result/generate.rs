use clap::Args;

use crate::cli::context::Context;
use crate::cli::make_key::{KeyToMake, make_key};
use crate::cli::options::{groups, label_parser, parse_id};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm result generate-encryption-keypair --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(crate) struct Generate {
    /// The key size in bits [default: the largest that the token makes]
    #[arg(long, value_parser = ["2048", "3072", "4096"])]
    bits: Option<String>,
    /// The key's id (CKA_ID) in hexadecimal [default: two random bytes]
    #[arg(long, value_name = "HEX", value_parser = parse_id)]
    id: Option<std::vec::Vec<u8>>,
    /// The label of the key (CKA_LABEL)
    #[arg(long, value_parser = label_parser())]
    label: Option<String>,
    /// Make the key as SO (security officer), for tokens that allow nobody else
    #[arg(long)]
    so_login: bool,
    #[command(flatten)]
    so_pin_file: groups::GenerateSoPinFile,
    /// No effect; accepted because the SDK has it: no key is ever replaced
    #[arg(long)]
    force: bool,
}

pub(super) fn run(context: &Context, command: Generate) -> Result<Reply, Failure> {
    let wanted = KeyToMake {
        // One of the three numbers above.
        bits: command.bits.and_then(|bits| bits.parse().ok()),
        id: command.id,
        label: command.label,
        by_so: command.so_login,
    };
    make_key(context, wanted)
}
