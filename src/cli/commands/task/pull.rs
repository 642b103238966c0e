//! `iexec-hsm task pull`: every result for one's address, into a folder of its own.
//!
//! A round looks for completed tasks whose results are not here. Threads download, others open what was downloaded, as the
//! token allows; each result then moves to its place as a whole, a program is run for it, it is told, and written down. A
//! run that is killed in between finds the result in its place, and does the rest.

mod about;
mod failures;
mod job;
mod program;
mod pulling;
mod record;
mod results;
mod rounds;
mod state;
mod tally;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use clap::Args;
use sd_notify::NotifyState;

use super::of_us::OfUs;
use crate::cli::commands::result::{Opening, open_as_they_come};
use crate::cli::context::Context;
use crate::cli::gateways::gateways;
use crate::cli::options::{groups, parse_limit};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::cli::verifying::VerifyingArgs;
use crate::code::Code;
use pulling::Pulling;
pub(super) use record::{Known, read as read_record};
use results::Results;
pub(super) use results::has_result;
use rounds::Rounds;

/// The folder that results go to where none is named.
pub(super) const DEFAULT_FOLDER: &str = "results";

#[derive(Debug, Args)]
#[command(
    mut_arg("force", |arg| arg.hide(true)),
    mut_arg("verify", |arg| arg.hide_short_help(true)),
    after_help = "Each result is verified against its task on the chain before it gets its name, unless --no-verify is given. `iexec-hsm result verify --help` says what is checked, and what that does not prove.\n\nExamples:\n  iexec-hsm task pull --output-dir results\n  iexec-hsm task pull --watch --require-agent --raw --exec /usr/local/bin/take-in"
)]
pub(crate) struct Pull {
    #[command(flatten)]
    of_us: OfUs,
    /// The folder for the results; each gets a subfolder named after its task
    #[arg(long, value_name = "FOLDER", default_value = DEFAULT_FOLDER)]
    output_dir: PathBuf,
    /// Run for ever, as a service
    #[arg(long)]
    watch: bool,
    /// With --watch: look for new results every TIME
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "1m", value_parser = parse_limit, requires = "watch")]
    interval: Duration,
    /// Run this program for each result, with IEXEC_TASK_ID and IEXEC_RESULT_DIR set
    #[arg(long, value_name = "PROGRAM")]
    exec: Option<PathBuf>,
    /// How many results to download at a time
    #[arg(long, hide_short_help = true, value_name = "COUNT", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=32))]
    downloads: u8,
    /// Do not pull a result again that was pulled before and deleted
    #[arg(long, hide_short_help = true)]
    not_again: bool,
    /// Try results again that were found bad before
    #[arg(long, hide_short_help = true)]
    retry_failed: bool,
    #[command(flatten)]
    verifying: VerifyingArgs,
    #[command(flatten)]
    ipfs_gateway: groups::IpfsGateway,
    #[command(flatten)]
    opening: Opening,
}

pub(super) fn run(context: &Context, command: &Pull) -> Result<Reply, Failure> {
    if command.opening.force {
        let what = "task pull replaces nothing, so --force has no use";
        return Err(Failure::new(Code::Usage, what)
            .hint("Remove the folder of a result to have it pulled again."));
    }
    let search = command.of_us.search(context)?;
    let options = search.place.options.clone();
    let max_size = context.limits().max_archive();
    let gateways = gateways(context, &search.place.chain, options, max_size)?;
    let durable = !command.opening.no_sync;
    let (results, record) = Results::open(context, &command.output_dir, durable)?;
    let of_whom = (Arc::clone(&search.place), search.beneficiary);
    let pulling = Pulling::new(context, command, of_whom, results, record);
    let mut rounds = Rounds::new(search, &pulling);
    let mut first = rounds.first();
    if let (Err(failure), true) = (&first, command.watch)
        && failures::may_pass(failure)
    {
        pulling.tell(failure);
        first = Ok(());
    }
    first?;
    // With systemd it is a service of the type notify.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    if !command.watch && !pulling.has_work() {
        return Ok(pulling.end());
    }
    let rounds = Mutex::new(rounds);
    thread::scope(|scope| {
        scope.spawn(|| match command.watch {
            true => lock(&rounds).go_on(),
            false => pulling.no_more(),
        });
        scope.spawn(|| pulling.ask());
        for _ in 0..command.downloads {
            scope.spawn(|| pulling.download(&gateways));
        }
        if let Err(failure) = open_as_they_come(context, &command.opening, &pulling) {
            pulling.stop(failure);
        }
    });
    Ok(pulling.end())
}

use pulling::lock;
