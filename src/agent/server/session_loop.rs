//! The loop of each thread that has a worker process.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::agent::{Agent, Inner};
use super::limits::{KEEP_ALIVE, LEAVING};
use super::queue::{Answer, Job};
use super::worker::{Ending, Worker};

/// The next thing that such a thread does.
enum Next {
    Job(Job),
    KeepAlive(u64),
    Leave,
}

impl Agent {
    /// Works with a worker process until the login is over.
    pub(super) fn work(self: &Arc<Self>, mut worker: Worker, epoch: u64) {
        let mut due = Instant::now() + KEEP_ALIVE;
        loop {
            let goes_on = match self.next(epoch, due) {
                Next::Job(job) => {
                    let answer = (job.work)(&mut worker);
                    self.came_back(&mut worker, epoch, job.id, Some((job, answer)))
                }
                Next::KeepAlive(id) => {
                    // A failure is told by what it leaves behind.
                    let _ = worker.keep_alive();
                    due = Instant::now() + KEEP_ALIVE;
                    self.came_back(&mut worker, epoch, id, None)
                }
                Next::Leave => false,
            };
            if !goes_on {
                break;
            }
        }
        self.leave(worker, epoch);
    }

    /// A call has come back, which may have shown that the process is gone or the login over. What it has shown
    /// is known before it is answered. Whether the worker goes on.
    fn came_back(
        self: &Arc<Self>,
        worker: &mut Worker,
        epoch: u64,
        id: u64,
        done: Option<(Job, Answer)>,
    ) -> bool {
        if let Some(lost) = worker.lost.take() {
            return self.lost(worker, epoch, id, &lost, done);
        }
        self.inner().queue.end(id);
        if self.settings.keep_pin && !worker.login().keeps_pin() {
            // It was refused.
            self.keeper.forget();
        }
        let goes_on = match worker.ending.take() {
            Some(Ending::ForGood(reason)) => {
                self.lock_if(Some(epoch), reason);
                false
            }
            Some(Ending::UntilRestart) => {
                self.bring_back(epoch);
                false
            }
            None => true,
        };
        if let Some((_, answer)) = done {
            answer();
        }
        goes_on
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
                if job.is_use {
                    inner.used = self.now();
                }
                return Next::Job(job);
            }
            (inner, _) = self
                .changed
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn leave(self: &Arc<Self>, worker: Worker, epoch: u64) {
        // It logs out and ends.
        drop(worker);
        let mut inner = self.inner();
        inner.open -= 1;
        let last = inner.open == 0;
        drop(inner);
        if last {
            self.last_has_left(epoch);
        }
        self.changed.notify_all();
    }

    /// Waits, for a while, until there is no worker and no call is made. Blocks. Returns whether that is so.
    pub(super) fn wait_for_all(&self) -> bool {
        self.wait(|inner| inner.open == 0 && !inner.queue.is_busy())
    }

    /// Waits until the workers of an earlier login have ended, and ends those that do not. Blocks.
    pub(super) fn wait_for_workers(&self) {
        if !self.workers_have_ended() {
            self.kill_workers();
            self.workers_have_ended();
        }
    }

    /// Waits, for a while, until the workers of an earlier login have ended. Blocks. Returns whether that is so.
    pub(super) fn workers_have_ended(&self) -> bool {
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
