//! A worker process that crashed, or did not answer, is replaced where that can be done without a person; others do not
//! notice.

use std::sync::Arc;

use super::agent::{Agent, Phase};
use super::audit::Happened;
use super::mutex::lock;
use super::queue::{Answer, Job};
use super::worker::Worker;
use super::workers::Lost;

/// The reason when no worker is left, and none can be had without a PIN.
const LAST_HAS_ENDED: &str =
    "the last process that was logged in has ended, and the PIN is not kept";

impl Agent {
    /// The process of `worker` is gone. What it was asked is asked once more where that does no harm, of
    /// another one or its successor. Whether the worker goes on, with another process.
    pub(super) fn lost(
        self: &Arc<Self>,
        worker: &mut Worker,
        epoch: u64,
        id: u64,
        lost: &Lost,
        done: Option<(Job, Answer)>,
    ) -> bool {
        self.audit
            .happened(Happened::WorkerEnded(&lost.to_string()));
        let can_be_replaced = worker.login().can_be_made_again();
        let answer = {
            let mut inner = self.inner();
            inner.queue.end(id);
            let others = inner.open > 1;
            match done {
                Some((job, _))
                    if worker.may_repeat
                        && !job.is_repeated
                        && (others || can_be_replaced)
                        && inner.epoch == epoch =>
                {
                    inner.queue.repeat(job);
                    None
                }
                done => done.map(|(_, answer)| answer),
            }
        };
        self.changed.notify_one();
        if let Some(answer) = answer {
            answer();
        }
        self.replace(worker, epoch)
    }

    /// Whether there is another process for `worker`.
    fn replace(&self, worker: &mut Worker, epoch: u64) -> bool {
        let login = worker.login().clone();
        // One PIN for all: when it is refused once, nobody else sends it.
        let _alone = lock(&login.recovery_lock);
        if self.inner().epoch != epoch || !login.can_be_made_again() {
            return false;
        }
        let pin = match login.needs_none {
            true => None,
            false => self.keeper.pin(),
        };
        if pin.is_none() && !login.needs_none {
            // What kept it is gone.
            login.forget_pin();
            return false;
        }
        match self.another_worker(pin.as_ref(), self.settings.device_timeout) {
            Ok(child) => {
                worker.replace(child);
                true
            }
            Err(error) => {
                if error.is_about_pin() {
                    login.forget_pin();
                    self.keeper.forget();
                }
                false
            }
        }
    }

    /// The last worker of a login has left. One that left because it could not be replaced leaves an agent behind that is
    /// unlocked, and can do nothing.
    pub(super) fn last_has_left(self: &Arc<Self>, epoch: u64) {
        let login = match &self.inner().phase {
            Phase::Unlocked { login, .. } => login.clone(),
            _ => return,
        };
        if login.can_be_made_again() {
            self.bring_back(epoch);
        } else {
            self.lock_if(Some(epoch), LAST_HAS_ENDED);
        }
    }
}
