mod agent;
mod args;
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

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::cli::ui::reply::Reply;
use crate::decrypt::Options;
use crate::envelope::AesBackend;

pub(crate) use args::Decrypt;
use holder::Holder;
use job::jobs;
use run::Run;
use shared_folder::SharedFolder;
pub(super) use streams::open_archive;
use tally::Tally;

pub(super) fn run(context: &Context, command: Decrypt) -> Result<Reply, Failure> {
    let limits = context.limits();
    let jobs = jobs(&command)?;
    let mut pins = context.pins()?;
    context.say(|| format!("AES by {}", AesBackend::in_use().as_str()));
    let run = Run {
        progress: Progress::new(context.global.quiet || context.global.raw),
        context,
        command: &command,
        options: Options {
            verify: command.verify,
            no_sync: command.no_sync,
            limits,
            temporaries: context.temporaries.clone(),
        },
        folder: SharedFolder::new(command.folder_of_several(), &context.temporaries),
    };
    let mut tally = Tally::default();
    if let Some(agent) = run.agent(&pins)? {
        let connection = |_| agent.connection(&pins);
        if let [job] = jobs.as_slice() {
            return run.one(job, &mut connection(0));
        }
        let threads = if run.may_ask(&jobs) {
            1
        } else {
            agent.sessions
        };
        let connections = (0..threads.min(jobs.len())).map(connection).collect();
        parallel::open(&run, &jobs, connections, &mut tally);
        return Ok(run.end(&tally, jobs.len()));
    }
    let mut holder = Holder::new(&run, &mut pins, jobs.len());
    if let [job] = jobs.as_slice() {
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
    Ok(run.end(&tally, jobs.len()))
}
