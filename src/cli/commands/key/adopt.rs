use std::path::PathBuf;

use clap::Args;

use crate::cli::adopt_key::{Adoption, adopt_key};
use crate::cli::context::Context;
use crate::cli::named_address::OtherAddress;
use crate::cli::options::NamedKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iexec-hsm key adopt 03")]
pub(crate) struct Adopt {
    #[command(flatten)]
    pub(super) key: NamedKey,
    /// Adopt a key that can leave its token
    #[arg(long)]
    allow_extractable: bool,
    /// The public key as PEM, if the token does not show it; it is checked against the private key
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Adopt a key that was imported, or whose origin the token does not confirm
    #[arg(long)]
    allow_imported: bool,
    #[command(flatten)]
    other_address: OtherAddress,
}

pub(super) fn run(context: &Context, command: &Adopt) -> Result<Reply, Failure> {
    let adoption = Adoption {
        public_key: command.public_key.clone(),
        allow_extractable: command.allow_extractable,
        allow_imported: command.allow_imported,
        other_address: command.other_address,
    };
    adopt_key(context, &adoption)
}
