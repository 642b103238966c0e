//! Options that several commands share, and how their values are read.

mod given;
mod values;

use std::path::PathBuf;

use clap::Args;

use crate::token::Uri;
use crate::wallet::address::Address;

pub(crate) use given::{Given, Source};
pub(crate) use values::{
    check_timeout, label_parser, parse_id, parse_limit, parse_size, parse_time, parse_timeout,
    parse_token,
};

/// Options of every command. What is not given here or in the environment comes from the
/// configuration file.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Print one line of JSON, to stdout on success and to stderr on failure
    #[arg(long, global = true)]
    pub(crate) raw: bool,
    /// Print no progress
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Say on stderr what is used and done; not with --raw
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Never ask: fail at once and name what to set
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// The PKCS#11 module to load; without it p11-kit's proxy and well-known paths are tried
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_MODULE",
        hide_env_values = true
    )]
    pub(crate) module: Option<PathBuf>,
    /// What that module wants to be initialised with, in a form of its own
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        env = "IEXEC_HSM_MODULE_ARGS",
        hide_env_values = true
    )]
    pub(crate) module_args: Option<String>,
    /// The token to use: its label or its PKCS#11 URI
    #[arg(long, global = true, value_name = "LABEL|URI", env = "IEXEC_HSM_TOKEN", hide_env_values = true, value_parser = parse_token)]
    pub(crate) token: Option<Uri>,
    /// The result key to use: its PKCS#11 URI
    #[arg(
        long,
        global = true,
        value_name = "URI",
        env = "IEXEC_HSM_KEY",
        hide_env_values = true
    )]
    pub(crate) key: Option<Uri>,
    /// A file whose first line is the PIN
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "IEXEC_HSM_PIN_FILE",
        hide_env_values = true
    )]
    pub(crate) pin_file: Option<PathBuf>,
    /// Use the last PIN try that the token grants
    #[arg(long, global = true)]
    pub(crate) final_pin_try: bool,
    /// The beneficiary's address
    #[arg(long, global = true, value_name = "ADDRESS", env = "IEXEC_HSM_WALLET_ADDRESS", hide_env_values = true, value_parser = Address::parse_beneficiary)]
    pub(crate) wallet_address: Option<Address>,
    /// The wallet's file in the keystore folder; unlocked for publishing alone
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "IEXEC_HSM_WALLET_FILE",
        hide_env_values = true
    )]
    pub(crate) wallet_file: Option<PathBuf>,
    /// The keystore folder: global, local or a path
    #[arg(
        long,
        global = true,
        value_name = "global|local|PATH",
        env = "IEXEC_HSM_KEYSTOREDIR",
        hide_env_values = true
    )]
    pub(crate) keystoredir: Option<PathBuf>,
    /// The folder of the beneficiary's key files [default: .secrets/beneficiary]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_BENEFICIARY_KEYSTOREDIR",
        hide_env_values = true
    )]
    pub(crate) beneficiary_keystoredir: Option<PathBuf>,
    /// The agent's socket [default: $XDG_RUNTIME_DIR/iexec-hsm/agent.sock]
    #[arg(
        long,
        visible_alias = "socket",
        global = true,
        value_name = "PATH",
        env = "IEXEC_HSM_AGENT_SOCK",
        hide_env_values = true
    )]
    pub(crate) agent_sock: Option<PathBuf>,
}
