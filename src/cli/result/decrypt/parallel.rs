use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::Run;
use super::agent::Agent;
use super::job::Job;
use crate::cli::exit::Exit;
use crate::cli::pins::Pins;

/// Opens `jobs` by way of an agent, as many at a time as it has sessions, and tells of them in
/// their order. Returns the first failure in that order.
pub(super) fn open(run: &Run<'_>, jobs: &[Job], agent: &Agent<'_>, pins: &Pins) -> Option<Exit> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, opened) = channel();
    let work = |done: std::sync::mpsc::Sender<_>| {
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else {
                break;
            };
            let opened = run.open(job, || agent.keys(pins), false);
            if opened.as_ref().is_err_and(|stop| stop.for_all) {
                stopped.store(true, Ordering::Relaxed);
            }
            // The other end stays as long as this thread.
            let _ = done.send((number, opened));
        }
    };
    thread::scope(|scope| {
        for _ in 0..agent.sessions.min(jobs.len()) {
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
