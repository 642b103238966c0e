mod again;
mod agent;
mod args;
mod as_they_come;
mod exposed_places;
mod failed_before;
mod holder;
mod job;
mod keys;
mod outcome;
mod parallel;
mod run;
mod shared_folder;
mod shared_keys;
mod streams;
mod tally;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::result_zip::Watcher;
use crate::cli::context::Context;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::{Progress, Unit, Work};
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::decrypt::Report;
use crate::envelope::AesBackend;

use super::default_archive::check_default;
use again::Again;
pub(crate) use args::{Decrypt, Holding, Opening, Place};
pub(in crate::cli::commands) use as_they_come::{Arrivals, Arrived, Opened, open_as_they_come};
pub(in crate::cli::commands) use exposed_places::warn_of_exposed;
use holder::Holder;
use job::{Destination, Job, jobs, spool_folder};
pub(in crate::cli::commands) use outcome::opened_in;
use run::Run;
pub(super) use streams::open_archive;
use tally::Tally;

/// Opens an archive that `fetch` puts into a file without a name, in the folder that it is given; `name` stands for the
/// archive in messages. The file comes once it is known who holds the keys, and before a PIN is asked for. `watcher` sees the
/// files in it, and has a word before they are released.
pub(in crate::cli::commands) fn open_fetched(
    context: &Context,
    name: &str,
    (place, only): (Place, Vec<OsString>),
    opening: &Opening,
    watcher: Option<Arc<dyn Watcher>>,
    fetch: impl FnOnce(&Path) -> Result<File, Failure>,
) -> Result<Report, Failure> {
    let command = Decrypt::one(name.into(), place, only, opening.clone());
    let jobs = jobs(&command)?;
    let waiting: Vec<PathBuf> = jobs.iter().filter_map(|job| job.place.waiting()).collect();
    let mut pins = prepare(context, &waiting)?;
    let fetched = || {
        let job = jobs.into_iter().next();
        let mut job = job.ok_or_else(|| Failure::new(Code::Failed, "no archive is given"))?;
        job.fetched = Some(fetch(&spool_folder(&job))?);
        job.watcher = watcher;
        Ok(job)
    };
    let progress = context.progress(Work::Decrypt, Unit::Bytes);
    let run = Run::new(context, &command, None, &progress);
    let (_, report) = open_one(&run, &mut pins, fetched)?;
    progress.finish();
    Ok(report)
}

/// Reads an archive to its end, and writes nothing. `watcher` sees the files in it.
pub(super) fn read_through(
    context: &Context,
    archive: &Path,
    holding: &Holding,
    watcher: Arc<dyn Watcher>,
    progress: &Progress,
) -> Result<Report, Failure> {
    let opening = Opening::only_reading(holding.clone());
    let command = Decrypt::one(
        archive.into(),
        Place::Output("-".into()),
        Vec::new(),
        opening,
    );
    let mut pins = prepare(context, &[])?;
    let run = Run::new(context, &command, None, progress);
    let job = Job {
        archive: archive.to_owned(),
        fetched: None,
        watcher: Some(watcher),
        place: Destination::Nowhere,
        within: None,
        only: Vec::new(),
    };
    let (_, report) = open_one(&run, &mut pins, || Ok(job))?;
    Ok(report)
}

/// Opens the only archive, which `job` gets once it is known who holds the keys.
fn open_one(
    run: &Run<'_>,
    pins: &mut Pins,
    job: impl FnOnce() -> Result<Job, Failure>,
) -> Result<(Job, Report), Failure> {
    let agent = run.agent(pins)?;
    let job = job()?;
    let opened = match &agent {
        Some(agent) => run.open(&job, &mut agent.connection(pins)),
        None => run.open(&job, &mut Holder::new(run, pins, 1)),
    };
    run.save();
    let report = opened.map_err(|stop| stop.failure)?;
    Ok((job, report))
}

/// Looks at the folders that results wait in, and takes the PINs that are given.
fn prepare(context: &Context, waiting: &[PathBuf]) -> Result<Pins, Failure> {
    for folder in waiting {
        context.temporaries.sweep(folder);
    }
    warn_of_exposed(context, waiting);
    context.say(|| format!("AES by {}", AesBackend::in_use().as_str()));
    context.pins()
}

pub(super) fn run(context: &Context, command: Decrypt) -> Result<Reply, Failure> {
    if let [archive] = &command.archives[..] {
        check_default(archive)?;
    }
    let mut jobs = jobs(&command)?;
    let (is_only, mut tally) = (jobs.len() == 1, Tally::new(jobs.len()));
    let waiting: Vec<PathBuf> = jobs.iter().filter_map(|job| job.place.waiting()).collect();
    let again = Again::look(context, &command);
    if let Some(again) = &again {
        jobs = again.to_do(jobs, &mut tally);
    }
    // After the look for what is there: a folder that a run was killed in shows it by what it left.
    let mut pins = prepare(context, &waiting)?;
    let progress = match is_only {
        true => context.progress(Work::Decrypt, Unit::Bytes),
        false => context.progress(Work::Decrypt, Unit::Archives),
    };
    let run = Run::new(context, &command, again, &progress);
    if is_only {
        let Some(job) = jobs.pop() else {
            return Ok(Reply::done(None));
        };
        let (job, report) = open_one(&run, &mut pins, || Ok(job))?;
        progress.finish();
        return Ok(outcome::reply(context, &job, &report));
    }
    if jobs.is_empty() {
        return Ok(run.end(&tally));
    }
    progress.add_total(jobs.len() as u64);
    if let Some(agent) = run.agent(&pins)? {
        let connection = |_| agent.connection(&pins);
        let threads = if run.may_ask(&jobs) {
            1
        } else {
            agent.sessions
        };
        let connections = (0..threads.min(jobs.len())).map(connection).collect();
        parallel::open(&run, &jobs, connections, &mut tally);
        return Ok(run.end(&tally));
    }
    let mut holder = Holder::new(&run, &mut pins, jobs.len());
    for (number, job) in jobs.iter().enumerate() {
        let left = &jobs[number..];
        if !run.may_ask(left)
            && let Some(shared) = holder.shared(left.len())
        {
            // While results go to the disk, other archives can be opened. Where nobody waits for the
            // disk, more threads are in the way.
            let threads = if command.opening.no_sync { 1 } else { 2 } * shared.count();
            parallel::open(&run, left, shared.turns(threads), &mut tally);
            break;
        }
        let opened = run.open(job, &mut holder);
        let stop = opened.as_ref().is_err_and(|stop| stop.for_all);
        tally.add(run.tell(job, opened));
        if stop {
            break;
        }
    }
    Ok(run.end(&tally))
}
