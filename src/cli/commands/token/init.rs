use clap::Args;

use super::describe::to_json;
use crate::cli::context::Context;
use crate::cli::init_token::{TokenToInit, initialise};
use crate::cli::options::{groups, parse_token_label};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm token init --token-label demo\n  iexec-hsm token init --token-label demo --pin-file pin --so-pin-file so-pin"
)]
pub(crate) struct Init {
    /// The label that the token gets
    #[arg(long, value_name = "LABEL", value_parser = parse_token_label)]
    token_label: String,
    #[command(flatten)]
    so_pin_file: groups::SoPinFile,
    /// Initialise a token that is in use; all keys on it are lost
    #[arg(long)]
    force: bool,
    /// With --force: the token's current label (its serial if it has none), instead of typing it
    #[arg(long, value_name = "LABEL", requires = "force")]
    confirm_label: Option<String>,
}

pub(super) fn run(context: &Context, command: Init) -> Result<Reply, Failure> {
    let init = TokenToInit {
        label: command.token_label,
        force: command.force,
        confirm_label: command.confirm_label,
    };
    let (fresh, _) = initialise(context, &init)?;
    Ok(Reply::new(to_json(&fresh))
        .note(format!(
            "Token {:?} (serial {}) is initialised",
            fresh.label,
            fresh.serial.shown()
        ))
        .text(fresh.uri().to_string()))
}
