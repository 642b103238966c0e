use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::Run;
use super::job::Job;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::envelope::Unwrap;

/// Opens `jobs`, `threads` of them at a time, each thread with `keys` of its own, and tells of them
/// in their order. Returns the first failure in that order.
pub(super) fn open<U>(
    run: &Run<'_>,
    jobs: &[Job],
    threads: usize,
    keys: impl Fn() -> Result<U, Failure> + Sync,
) -> Option<Exit>
where
    U: Unwrap<Error: Into<Failure>>,
{
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, opened) = channel();
    let work = |done: std::sync::mpsc::Sender<_>| {
        let mut held = None;
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else {
                break;
            };
            let opened = run.open(job, || match &mut held {
                Some(held) => Ok(held),
                none => Ok(none.insert(keys()?)),
            });
            if let Err(stop) = &opened {
                // What failed may have left them in no state to go on.
                held = None;
                stopped.fetch_or(stop.for_all, Ordering::Relaxed);
            }
            // The other end stays as long as this thread.
            let _ = done.send((number, opened));
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            let (work, done) = (&work, done.clone());
            scope.spawn(move || work(done));
        }
        drop(done);
        let mut first = None;
        // What is done before its turn waits. Jobs are taken in order, so none is left waiting.
        let mut early = BTreeMap::new();
        let mut turn = 0;
        for (number, opened) in opened {
            early.insert(number, opened);
            while let Some(opened) = early.remove(&turn) {
                first = first.or(run.tell(&jobs[turn], opened));
                turn += 1;
            }
        }
        first
    })
}
