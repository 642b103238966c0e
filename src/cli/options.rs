//! Options that several commands share, and how their values are read.

mod settings;
mod values;

use clap::Args;

use crate::token::Uri;

pub(crate) use settings::merge::{Given, merge};
pub(crate) use settings::{
    Fallback, Form, Found, Kind, SETTINGS, Setting, Settings, Source, groups,
};
pub(crate) use values::{
    ProgressChoice, label_parser, parse_id, parse_key, parse_limit, parse_time, parse_token_label,
};

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The command's name, as people type it.
    #[arg(skip)]
    pub(crate) command: String,
    /// Print one line of JSON: to stdout on success, to stderr on failure
    #[arg(long, visible_alias = "json", global = true, hide_short_help = true)]
    pub(crate) raw: bool,
    /// Do not show progress
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) quiet: bool,
    /// Say on stderr what is used and done (not with --raw)
    #[arg(long, short, global = true, hide_short_help = true)]
    pub(crate) verbose: bool,
    /// Never ask: fail at once and name what to set
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_input: bool,
    #[command(flatten)]
    token: groups::Token,
    /// Use the last PIN attempt
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) final_pin_try: bool,
    #[command(flatten)]
    beneficiary: groups::Beneficiary,
    #[command(flatten)]
    progress: groups::Progress,
}

/// The result key that a command is about, as an argument in the place of `--key`.
#[derive(Debug, Args)]
pub(crate) struct NamedKey {
    /// The key: its label or a word of it, its id, its address or its PKCS#11 URI [default: the key of the address, or the only one]
    #[arg(value_name = "KEY", value_parser = parse_key)]
    pub(crate) uri: Option<Uri>,
}
