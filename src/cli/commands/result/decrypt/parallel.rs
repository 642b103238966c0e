use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::job::Job;
use super::keys::Keys;
use super::run::{Run, Stop};
use super::tally::Tally;
use crate::decrypt::Report;

/// Opens `jobs`, with each of `holders` on a thread of its own, and tells of them in their order.
/// Their outcomes go into `tally`, in that order.
pub(super) fn open<K: Keys + Send>(
    run: &Run<'_>,
    jobs: &[Job],
    holders: Vec<K>,
    tally: &mut Tally,
) {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, opened) = channel();
    let work = |mut holder: K, done: std::sync::mpsc::Sender<_>| {
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else {
                break;
            };
            let opened = run.open(job, &mut holder);
            if opened.as_ref().is_err_and(|stop| stop.for_all) {
                stopped.store(true, Ordering::Relaxed);
            }
            // The other end stays as long as this thread.
            let _ = done.send((number, opened));
        }
    };
    thread::scope(|scope| {
        for holder in holders {
            let (work, done) = (&work, done.clone());
            scope.spawn(move || work(holder, done));
        }
        drop(done);
        let mut told = Told {
            tally,
            for_all: false,
        };
        // What is done before its turn waits. Jobs are taken in order, so none is left waiting.
        let mut early = BTreeMap::new();
        let mut turn = 0;
        for (number, opened) in opened {
            early.insert(number, opened);
            while let Some(opened) = early.remove(&turn) {
                told.tell(run, &jobs[turn], opened);
                turn += 1;
            }
        }
    });
}

/// The outcomes that were told so far.
struct Told<'t> {
    tally: &'t mut Tally,
    /// A failure of all archives, which several threads meet at the same time.
    for_all: bool,
}

impl Told<'_> {
    fn tell(&mut self, run: &Run<'_>, job: &Job, opened: Result<Report, Stop>) {
        let for_all = opened.as_ref().is_err_and(|stop| stop.for_all);
        if for_all && std::mem::replace(&mut self.for_all, true) {
            return;
        }
        self.tally.add(run.tell(job, opened));
    }
}
