//! The agent's state: locked or not, the workers, and what is asked of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::Settings;
use super::audit::{Audit, Happened};
use super::error::AgentError;
use super::login::Login;
use super::mutex::lock;
use super::on_arrival::OnArrival;
use super::queue::{Job, Queue};
use super::refused_pins::RefusedPins;
use super::worker::Worker;
use super::workers::{Child, Keeper, Killable, Located, ModuleFile, Recorded, Workers};
use crate::token::{TokenInfo, Uri};

/// The reason while the token was never there.
pub(super) const ABSENT: &str = "its token is not there yet";

/// The agent of one token, unlocked or not.
pub(super) struct Agent {
    pub(super) module: ModuleFile,
    pub(super) workers: Workers,
    /// A worker with the module loaded and nobody logged in, for the next login.
    pub(super) spare: Mutex<Option<Child>>,
    /// The PIN, where it is kept.
    pub(super) keeper: Keeper,
    /// All workers, to be ended when they do not end by themselves.
    running: Mutex<Vec<Killable>>,
    pub(super) settings: Settings,
    /// Recorded public keys, for each worker.
    pub(super) recorded: Recorded,
    /// Told of what happens while the state is locked, so that its lines are in order.
    pub(super) audit: Arc<Audit>,
    /// When it was started, by the clock of the settings.
    pub(super) started: Duration,
    inner: Mutex<Inner>,
    /// The lock of the one who restarts the module or logs in, until that login is used or closed.
    pub(super) login_turn: Mutex<()>,
    /// Wakes threads: there is a job, the login is over, or a thread has left.
    pub(super) changed: Condvar,
    /// Wakes the timer: its next time may have changed.
    pub(super) rescheduled: Notify,
    /// Wakes who waits for a person: it was locked.
    pub(super) locked: Notify,
}

/// The part that changes.
pub(super) struct Inner {
    /// The token that this agent was started for, wherever it is plugged in: by what is known of it.
    pub(super) wanted: Uri,
    pub(super) token: TokenInfo,
    pub(super) phase: Phase,
    /// Counts the logins: a thread of an earlier one ends.
    pub(super) epoch: u64,
    pub(super) queue: Queue,
    /// Workers that are logged in.
    pub(super) open: usize,
    /// When it was asked last how its PIN is.
    pub(super) looked: Option<Instant>,
    /// The names of the walls around the worker that has logged in last.
    pub(super) confinement: Vec<String>,
    /// When the token was used last, by the clock of the settings; so are all times here.
    pub(super) used: Duration,
    pub(super) refused: RefusedPins,
    /// Whether somebody has locked it, and nobody has unlocked it since.
    pub(super) locked_by_hand: bool,
    /// What unlocks the token that it waits for, until it was tried, or somebody locks the agent.
    pub(super) on_arrival: Option<OnArrival>,
    /// The device failed: the module is to be initialised anew before the next login.
    pub(super) restart_first: bool,
}

pub(super) enum Phase {
    Locked(&'static str),
    Unlocking,
    Unlocked {
        login: Arc<Login>,
        since: Duration,
    },
    /// Unlocked since then; its device failed, and is being brought back.
    Recovering {
        since: Duration,
    },
}

impl Agent {
    pub(super) fn new(located: Located, settings: Settings, audit: Arc<Audit>) -> Self {
        let now = (settings.clock)();
        let token = located.token().clone();
        let reason = match token.is_there() {
            true => "nobody has unlocked it yet",
            false => ABSENT,
        };
        Self {
            module: located.module,
            workers: located.workers,
            running: Mutex::new(vec![located.child.killable()]),
            spare: Mutex::new(Some(located.child)),
            keeper: Keeper::default(),
            recorded: recorded(&settings),
            settings,
            audit,
            started: now,
            inner: Mutex::new(Inner {
                wanted: token.uri(),
                token,
                phase: Phase::Locked(reason),
                epoch: 0,
                queue: Queue::default(),
                open: 0,
                looked: None,
                confinement: Vec::new(),
                used: now,
                refused: RefusedPins::default(),
                locked_by_hand: false,
                on_arrival: None,
                restart_first: false,
            }),
            login_turn: Mutex::default(),
            changed: Condvar::new(),
            rescheduled: Notify::new(),
            locked: Notify::new(),
        }
    }

    pub(super) fn now(&self) -> Duration {
        (self.settings.clock)()
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// The login, if the token can be used now.
    pub(super) fn login(&self) -> Result<Arc<Login>, AgentError> {
        let mut inner = self.inner();
        let login = match &inner.phase {
            Phase::Unlocked { login, .. } => Ok(login.clone()),
            Phase::Unlocking => Err(AgentError::Locked("it is being unlocked")),
            Phase::Recovering { .. } => Err(AgentError::Recovering),
            Phase::Locked(reason) => Err(AgentError::Locked(reason)),
        }?;
        inner.used = self.now();
        Ok(login)
    }

    /// Refuses another login while one, or a look for the token, does not come back.
    pub(super) fn not_hung(&self, inner: &Inner) -> Result<(), AgentError> {
        match inner.queue.hung(self.settings.request_timeout) {
            Some(since) => Err(AgentError::Hung(since)),
            None => Ok(()),
        }
    }

    /// Gives `work` to a worker, and waits for it as long as the settings say. It is done once more where the worker that
    /// begins it is lost, and says that it may be.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, AgentError> {
        self.ask_for(work, true).await
    }

    /// Does the same for the agent itself: it is no use of the token.
    pub(super) async fn ask_aside<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, AgentError> {
        self.ask_for(work, false).await
    }

    async fn ask_for<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Worker) -> T + Send + 'static,
        is_use: bool,
    ) -> Result<T, AgentError> {
        let (reply, answer) = oneshot::channel();
        let reply = Arc::new(Mutex::new(Some(reply)));
        let cancelled = reply.clone();
        {
            let mut inner = self.inner();
            match inner.phase {
                Phase::Unlocked { .. } => {}
                Phase::Recovering { .. } => return Err(AgentError::Recovering),
                _ => return Err(AgentError::Locked("it was locked just now")),
            }
            let id = inner.queue.id();
            let job = Job {
                id,
                is_cancelled: Box::new(move || {
                    lock(&cancelled)
                        .as_ref()
                        .is_none_or(oneshot::Sender::is_closed)
                }),
                work: Box::new(move |worker| {
                    let (done, reply) = (work(worker), reply.clone());
                    Box::new(move || {
                        if let Some(reply) = lock(&reply).take() {
                            // Whoever asked may have gone.
                            let _ = reply.send(done);
                        }
                    })
                }),
                is_repeated: false,
                is_use,
            };
            inner.queue.push(job).map_err(|_| AgentError::Busy)?;
        }
        self.changed.notify_one();
        match tokio::time::timeout(self.settings.request_timeout, answer).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) if matches!(self.inner().phase, Phase::Recovering { .. }) => {
                Err(AgentError::Recovering)
            }
            Ok(Err(_)) => Err(AgentError::Locked("it was locked in the meantime")),
            // The worker that hangs is ended, too: its time began no sooner.
            Err(_) => Err(AgentError::Overdue(self.settings.request_timeout)),
        }
    }

    /// Notes a worker that was started.
    pub(super) fn has_started(&self, child: &Child) {
        let mut running = lock(&self.running);
        running.retain(Killable::is_there);
        running.push(child.killable());
    }

    /// Ends all workers at once. Whoever waits for one is told.
    pub(super) fn kill_workers(&self) {
        lock(&self.running).iter().for_each(Killable::kill);
    }

    /// Starts a thread for each worker of a new login; the token is unlocked then.
    /// Does nothing, and ends the login, when the agent was locked since `epoch`.
    pub(super) fn unlocked(self: &Arc<Self>, login: Arc<Login>, workers: Vec<Worker>, epoch: u64) {
        let mut inner = self.inner();
        if inner.epoch != epoch {
            // They log out and end, which takes a moment.
            drop(inner);
            return;
        }
        let now = self.now();
        // To be brought back is no use of it, and no new beginning.
        let (since, what) = match inner.phase {
            Phase::Recovering { since } => (since, Happened::TokenBack),
            _ => {
                inner.used = now;
                (now, Happened::Unlocked)
            }
        };
        inner.restart_first = false;
        inner.locked_by_hand = false;
        inner.on_arrival = None;
        inner.phase = Phase::Unlocked { login, since };
        for (number, worker) in workers.into_iter().enumerate() {
            let agent = self.clone();
            let thread = thread::Builder::new()
                .name(format!("worker {number}"))
                .spawn(move || agent.work(worker, epoch));
            // With fewer threads it is slower; without one it is locked below.
            inner.open += usize::from(thread.is_ok());
        }
        self.audit.happened(what);
        if inner.open == 0 {
            let reason = "the system gives it no threads";
            self.audit.happened(Happened::Locked(reason));
            inner.phase = Phase::Locked(reason);
        }
        drop(inner);
        self.rescheduled.notify_one();
    }

    /// Forgets the login, or the PIN for a token that is waited for: what waits is refused, and each worker logs out
    /// and ends once its call is back.
    pub(super) fn lock(&self, reason: &'static str) {
        self.lock_if(None, reason);
    }

    /// Locks it because somebody says so, also where it is locked already: from then on a PIN that is typed for something
    /// else does not unlock it.
    pub(super) fn lock_by_hand(&self, reason: &'static str) {
        self.lock(reason);
        let mut inner = self.inner();
        if let Phase::Locked(before) = inner.phase {
            inner.locked_by_hand = true;
            // That the token never came is to be known all the same.
            if before != ABSENT {
                inner.phase = Phase::Locked(reason);
            }
        }
    }

    pub(super) fn lock_if(&self, epoch: Option<u64>, reason: &'static str) {
        let mut inner = self.inner();
        if epoch.is_some_and(|epoch| epoch != inner.epoch) {
            return;
        }
        let kept_pin = inner.on_arrival.take().is_some();
        if let Phase::Unlocked { login, .. } = &inner.phase {
            login.forget_pin();
            if epoch.is_some() {
                self.audit.happened(Happened::TokenLost);
            }
        } else if matches!(inner.phase, Phase::Locked(_)) {
            if kept_pin {
                self.audit.happened(Happened::Locked(reason));
            }
            drop(inner);
            self.keeper.forget();
            return;
        }
        inner.restart_first |= epoch.is_some();
        self.audit.happened(Happened::Locked(reason));
        inner.phase = Phase::Locked(reason);
        inner.epoch += 1;
        inner.queue.clear();
        drop(inner);
        self.locked.notify_waiters();
        self.keeper.forget();
        self.changed.notify_all();
        self.rescheduled.notify_one();
    }

    /// Forgets a PIN that a login has kept after the agent was locked. For the one whose turn it is to log in.
    pub(super) fn forget_if_locked(&self, epoch: u64) {
        if self.inner().epoch != epoch {
            self.keeper.forget();
        }
    }

    /// Begins a login; returns the epoch that it is for, and the call's id.
    pub(super) fn begin_unlocking(&self, inner: &mut Inner) -> (u64, u64) {
        inner.phase = Phase::Unlocking;
        inner.used = self.now();
        inner.epoch += 1;
        (inner.epoch, inner.queue.begin())
    }

    /// A login has ended, well or not.
    pub(super) fn end_unlocking(&self, epoch: u64, id: u64, reason: &'static str) {
        let mut inner = self.inner();
        inner.queue.end(id);
        if inner.epoch == epoch && matches!(inner.phase, Phase::Unlocking) {
            self.audit.happened(Happened::NotUnlocked(reason));
            inner.phase = Phase::Locked(reason);
        }
        drop(inner);
        self.changed.notify_all();
        self.rescheduled.notify_one();
    }

    /// A call has come back.
    pub(super) fn end_call(&self, id: u64) {
        self.inner().queue.end(id);
        self.changed.notify_all();
    }
}

/// Recorded public keys as they are told to workers. One that has no form is left out.
fn recorded(settings: &Settings) -> Recorded {
    let known = settings.known.iter();
    known
        .filter_map(|(uri, key)| Some((uri.to_string(), key.to_pem().ok()?)))
        .collect()
}
