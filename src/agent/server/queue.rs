use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::limits;
use super::worker::Worker;

/// Something to be done by a thread that has a session.
pub(super) struct Job {
    pub(super) id: u64,
    /// Whether nobody waits for it any more.
    pub(super) is_cancelled: Box<dyn Fn() -> bool + Send>,
    pub(super) work: Work,
    /// It was begun before, by a worker that is gone.
    pub(super) is_repeated: bool,
    /// A client wants it of the token, and not the agent itself.
    pub(super) is_use: bool,
}

/// Does the work, and returns the sending of its answer: by then the agent has to know what the work
/// has shown.
pub(super) type Work = Box<dyn Fn(&mut Worker) -> Answer + Send>;

/// The sending of an answer.
pub(super) type Answer = Box<dyn FnOnce()>;

/// Jobs that wait for the module, and calls that are in it.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    /// Calls that are in the module, by their ids.
    running: HashMap<u64, Call>,
    last_id: u64,
}

struct Call {
    since: Instant,
    /// A client asked for it, and not the agent itself.
    is_use: bool,
}

impl Call {
    fn now(is_use: bool) -> Self {
        Self {
            since: Instant::now(),
            is_use,
        }
    }
}

impl Queue {
    /// An id for a call.
    pub(super) fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Adds a job, unless too many wait.
    pub(super) fn push(&mut self, job: Job) -> Result<(), Job> {
        if self.waiting.len() >= limits::WAITING {
            self.waiting.retain(|job| !(job.is_cancelled)());
        }
        if self.waiting.len() >= limits::WAITING {
            return Err(job);
        }
        self.waiting.push_back(job);
        Ok(())
    }

    /// The job that waits longest; it runs from now on.
    pub(super) fn next(&mut self) -> Option<Job> {
        while let Some(job) = self.waiting.pop_front() {
            if !(job.is_cancelled)() {
                self.running.insert(job.id, Call::now(job.is_use));
                return Some(job);
            }
        }
        None
    }

    /// A job is done once more, before all others.
    pub(super) fn repeat(&mut self, job: Job) {
        self.waiting.push_front(Job {
            is_repeated: true,
            ..job
        });
    }

    /// A call of the agent itself is made now; returns its id.
    pub(super) fn begin(&mut self) -> u64 {
        let id = self.id();
        self.running.insert(id, Call::now(false));
        id
    }

    /// A call has come back.
    pub(super) fn end(&mut self, id: u64) {
        self.running.remove(&id);
    }

    /// Returns the time that a call has been in the module, when that is more than `limit`.
    pub(super) fn hung(&self, limit: Duration) -> Option<Duration> {
        let overdue = self.running.values().filter_map(|call| {
            let elapsed = call.since.elapsed();
            (elapsed > limit).then_some(elapsed)
        });
        overdue.max()
    }

    /// Forgets what waits; whoever waits for it is told.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The number of jobs that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether anything waits or runs.
    pub(super) fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || !self.running.is_empty()
    }

    /// Whether anything waits or runs that a client asked for.
    pub(super) fn is_used(&self) -> bool {
        self.waiting.iter().any(|job| job.is_use) || self.running.values().any(|call| call.is_use)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clients_ask_for_is_use() {
        let mut queue = Queue::default();
        let own = queue.begin();
        assert!(queue.is_busy() && !queue.is_used());
        queue.end(own);
        let id = queue.id();
        let asked = queue.push(Job {
            id,
            is_cancelled: Box::new(|| false),
            work: Box::new(|_| Box::new(|| ())),
            is_repeated: false,
            is_use: true,
        });
        assert!(asked.is_ok() && queue.is_used());
        let job = queue.next();
        assert!(queue.is_used());
        // Its worker is gone.
        queue.end(id);
        queue.repeat(job.expect("the one that was asked for"));
        assert!(
            queue
                .next()
                .is_some_and(|job| job.id == id && job.is_repeated)
        );
        queue.end(id);
        assert!(!queue.is_busy() && !queue.is_used());
    }
}
