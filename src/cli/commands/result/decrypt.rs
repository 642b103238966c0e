mod again;
mod agent;
mod args;
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

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::cli::ui::reply::Reply;
use crate::decrypt::Options;
use crate::envelope::AesBackend;

use again::Again;
pub(crate) use args::Decrypt;
use holder::Holder;
use job::jobs;
use run::Run;
use shared_folder::SharedFolder;
pub(super) use streams::open_archive;
use tally::Tally;

pub(super) fn run(context: &Context, command: Decrypt) -> Result<Reply, Failure> {
    let mut jobs = jobs(&command)?;
    let (is_only, mut tally) = (jobs.len() == 1, Tally::new(jobs.len()));
    let waiting: Vec<PathBuf> = jobs.iter().filter_map(|job| job.place.waiting()).collect();
    let again = Again::look(context, &command);
    if let Some(again) = &again {
        jobs = again.to_do(jobs, &mut tally);
    }
    // After the look for what is there: a folder that a run was killed in shows it by what it left.
    for folder in &waiting {
        context.temporaries.sweep(folder);
    }
    exposed_places::warn(context, &waiting);
    let mut pins = context.pins()?;
    context.say(|| format!("AES by {}", AesBackend::in_use().as_str()));
    let run = Run {
        progress: Progress::new(context.global.quiet || context.global.raw),
        context,
        command: &command,
        options: Options {
            verify: command.verify,
            no_sync: command.no_sync,
            limits: context.limits(),
            temporaries: context.temporaries.clone(),
            watcher: None,
        },
        folder: SharedFolder::new(command.folder_of_several(), &context.temporaries),
        again,
    };
    if jobs.is_empty() {
        return Ok(if is_only {
            Reply::done(None)
        } else {
            run.end(&tally)
        });
    }
    if let Some(agent) = run.agent(&pins)? {
        let connection = |_| agent.connection(&pins);
        if let ([job], true) = (jobs.as_slice(), is_only) {
            return run.one(job, &mut connection(0));
        }
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
    if let ([job], true) = (jobs.as_slice(), is_only) {
        return run.one(job, &mut holder);
    }
    for (number, job) in jobs.iter().enumerate() {
        let left = &jobs[number..];
        if !run.may_ask(left)
            && let Some(shared) = holder.shared(left.len())
        {
            // While results go to the disk, other archives can be opened. Where nobody waits for the
            // disk, more threads are in the way.
            let threads = if command.no_sync { 1 } else { 2 } * shared.count();
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
