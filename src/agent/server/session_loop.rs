//! The loop of each thread that has a session.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::agent::{Agent, Inner};
use super::limits::{KEEP_ALIVE, LEAVING};
use super::queue::Job;
use super::worker::{Ending, Worker};

/// The next thing that a thread with a session does.
enum Next {
    Job(Job),
    KeepAlive(u64),
    Leave,
}

impl Agent {
    /// Works with a session until the login is over.
    pub(super) fn work(self: &Arc<Self>, mut worker: Worker, epoch: u64) {
        let mut due = Instant::now() + KEEP_ALIVE;
        loop {
            match self.next(epoch, due) {
                Next::Job(job) => {
                    let answer = (job.work)(&mut worker);
                    let goes_on = self.came_back(&mut worker, epoch, job.id);
                    answer();
                    if goes_on {
                        worker.mend();
                    }
                }
                Next::KeepAlive(id) => {
                    // A failure is told by `ending`.
                    let _ = worker.keep_alive();
                    due = Instant::now() + KEEP_ALIVE;
                    self.came_back(&mut worker, epoch, id);
                }
                Next::Leave => break,
            }
        }
        self.leave(worker);
    }

    /// A call has come back, which may have shown that the login is over. Whether it goes on.
    fn came_back(self: &Arc<Self>, worker: &mut Worker, epoch: u64, id: u64) -> bool {
        self.inner().queue.end(id);
        match worker.ending.take() {
            Some(Ending::ForGood(reason)) => self.lock_if(Some(epoch), reason),
            Some(Ending::UntilRestart(pin)) => self.bring_back(epoch, pin),
            None => return true,
        }
        false
    }

    fn next(&self, epoch: u64, due: Instant) -> Next {
        let mut inner = self.inner();
        loop {
            if inner.epoch != epoch {
                return Next::Leave;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::KeepAlive(inner.queue.begin());
            }
            if let Some(job) = inner.queue.next() {
                inner.used = self.now();
                return Next::Job(job);
            }
            (inner, _) = self
                .changed
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn leave(&self, worker: Worker) {
        let last = {
            let mut inner = self.inner();
            inner.leaving += 1;
            inner.leaving == inner.open
        };
        if last {
            worker.log_out();
        }
        drop(worker);
        let mut inner = self.inner();
        inner.open -= 1;
        inner.leaving -= 1;
        drop(inner);
        self.changed.notify_all();
    }

    /// Waits, for a while, until no thread has a session or is in the module. Blocks. Returns
    /// whether that is so.
    pub(super) fn wait_for_all(&self) -> bool {
        self.wait(|inner| inner.open == 0 && !inner.queue.is_busy())
    }

    /// Waits, for a while, until the threads of an earlier login have closed their sessions.
    /// Blocks. Returns whether that is so.
    pub(super) fn wait_for_sessions(&self) -> bool {
        self.wait(|inner| inner.open == 0)
    }

    fn wait(&self, done: impl Fn(&Inner) -> bool) -> bool {
        let (inner, _) = self
            .changed
            .wait_timeout_while(self.inner(), LEAVING, |inner| !done(inner))
            .unwrap_or_else(PoisonError::into_inner);
        done(&inner)
    }
}
