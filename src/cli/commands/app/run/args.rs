use clap::Args;

use super::named::Named;
use crate::chain::money::{Unit, parse_rlc_or_none};
use crate::chain::order::Tag;
use crate::chain::poco::U256;
use crate::cli::commands::task::Download;
use crate::cli::node::WatchArgs;
use crate::cli::options::groups;
use crate::cli::sending::SendArgs;
use crate::wallet::address::Address;

/// Options that other commands show in their short help, for which there is no room here.
const RARE: [&str; 10] = [
    "chain",
    "decrypt",
    "download",
    "force",
    "no_verify",
    "require_verified",
    "tag",
    "verify",
    "wallet",
    "watch_timeout",
];

#[derive(Debug, Args)]
#[command(
    mut_arg("force", |it| it.help("Spend without asking, and replace existing files")),
    mut_args(|it| match RARE.contains(&it.get_id().as_str()) {
        true => it.hide_short_help(true),
        false => it,
    }),
    after_help = "A result that is opened is verified against its task on the chain first, unless --no-verify is given. `iexec-hsm result verify --help` says what is checked, and what that does not prove.\n\nExamples:\n  iexec-hsm app run 0x41729D682e8e7959492794F67f5445b24eE6f5ed --encrypt-result --watch\n  iexec-hsm app run 0x41729D682e8e7959492794F67f5445b24eE6f5ed --encrypt-result --watch --extract result/\n  iexec-hsm app run 0x41729D682e8e7959492794F67f5445b24eE6f5ed --encrypt-result --dry-run\n  iexec-hsm app run --resume --watch"
)]
pub(crate) struct Run {
    /// The app [default: the one that deployed.json names]
    #[arg(value_name = "APP", conflicts_with = "resume")]
    pub(super) app: Option<Address>,
    #[command(flatten)]
    pub(super) request: Request,
    /// The most RLC to spend, such as 0.5; a run that costs more fails (exit 38)
    #[arg(long, value_name = "RLC", value_parser = parse_cost, conflicts_with = "resume")]
    pub(super) max_cost: Option<U256>,
    /// Show what would be signed and spent; everything is checked, nothing is signed or sent
    #[arg(long, conflicts_with = "resume")]
    pub(super) dry_run: bool,
    /// Do not check that the SMS has the secrets that the run needs
    #[arg(long, hide_short_help = true, conflicts_with = "resume")]
    pub(super) skip_preflight_check: bool,
    /// Resume an interrupted run, or follow the last one; nothing new is signed
    #[arg(long)]
    pub(super) resume: bool,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
    #[command(flatten)]
    pub(super) download: Download,
    #[command(flatten)]
    services: groups::RunServices,
    #[command(flatten)]
    pub(super) send: SendArgs,
}

/// What is asked for, as the SDK's options say it.
#[derive(Debug, Args)]
pub(super) struct Request {
    /// The dataset; `deployed` for the one in deployed.json
    #[arg(long, value_name = "ADDRESS|deployed", conflicts_with = "resume")]
    pub(super) dataset: Option<Named>,
    /// The workerpool; `deployed` for the one in deployed.json [default: the cheapest that fits]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ADDRESS|deployed",
        conflicts_with = "resume"
    )]
    pub(super) workerpool: Option<Named>,
    /// The arguments of the app
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        conflicts_with = "resume"
    )]
    pub(super) args: Option<String>,
    /// URLs of the app's input files, separated by commas
    #[arg(
        long,
        hide_short_help = true,
        value_name = "URLS",
        value_delimiter = ',',
        conflicts_with = "resume"
    )]
    pub(super) input_files: Vec<String>,
    /// Your SMS secrets for the app, by number: 1=login 2=password
    #[arg(long, value_name = "NUMBER=NAME", num_args = 1.., value_parser = parse_secret, conflicts_with = "resume")]
    pub(super) secret: Vec<(String, String)>,
    /// The category, which limits the duration [default: the lowest that a workerpool offers]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ID",
        conflicts_with = "resume"
    )]
    pub(super) category: Option<u64>,
    /// What the workers must provide, such as tee,tdx [default: tee,tdx; on bellecour nothing]
    #[arg(long, value_name = "TAGS", conflicts_with = "resume")]
    pub(super) tag: Option<Tag>,
    /// Where the result is stored: ipfs or dropbox [default: ipfs]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ipfs|dropbox",
        conflicts_with = "resume"
    )]
    pub(super) storage_provider: Option<String>,
    /// The contract that receives the result, not encrypted
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ADDRESS",
        conflicts_with = "resume"
    )]
    pub(super) callback: Option<Address>,
    /// Encrypt the result for the beneficiary
    #[arg(long, conflicts_with = "resume")]
    pub(super) encrypt_result: bool,
    /// The trust that workers need before their result counts [default: 0]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "NUMBER",
        conflicts_with = "resume"
    )]
    pub(super) trust: Option<u64>,
    /// The address that the result is for [default: the address that pays]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ADDRESS",
        conflicts_with = "resume"
    )]
    pub(super) beneficiary: Option<Address>,
    /// Parameters as JSON; the options above are added
    #[arg(
        long,
        hide_short_help = true,
        value_name = "JSON",
        conflicts_with = "resume"
    )]
    pub(super) params: Option<String>,
}

fn parse_cost(text: &str) -> Result<U256, String> {
    parse_rlc_or_none(text, Unit::Rlc).map_err(|error| error.to_string())
}

fn parse_secret(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (number, name) = pair.ok_or("write it as a number, = and the name of the secret")?;
    let is_number = number.parse::<u64>().is_ok_and(|it| it > 0);
    let is_name = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
    if !is_number {
        return Err("the number of a secret is 1 or more".to_owned());
    }
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
        return Err("the name of a secret has 1 to 64 letters, digits, - and _".to_owned());
    }
    Ok((number.to_owned(), name.to_owned()))
}
