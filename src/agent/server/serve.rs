use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::agent::Agent;
use super::audit::{Audit, Happened, Written};
use super::awaiting::wait_for_token;
use super::clock::watch_clock;
use super::connections::accept;
use super::invented::InventedKeys;
use super::limits::LEAVING;
use super::mutex::lock;
use super::{Located, ServeError, Server, Settings, Socket};
use crate::agent::wire::{State, Unlock};

/// Time between two looks whether the socket is still there.
const SOCKET_LOOK: Duration = Duration::from_secs(2);

/// The end of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Every worker has finalised its module.
    Well,
    /// A worker was ended while it was in a call.
    Hung,
}

/// Runs an agent for the token of `located` at `socket` until it is stopped; calls `ready` once it answers.
/// `unlock` unlocks it at once. A PIN that is refused ends it again, but not when the socket came
/// from systemd, which would start it again, and spend another attempt. For a token that is not there
/// ([`TokenInfo::awaited`](crate::token::TokenInfo::awaited)) it waits, and unlocks it then, if it
/// [is named](crate::token::TokenInfo::is_named).
///
/// # Errors
/// When it does not come to answering.
pub fn serve(
    located: Located,
    socket: Socket,
    unlock: Option<Unlock>,
    settings: Settings,
    ready: impl FnOnce(State),
) -> Result<Ended, ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (audit, written) = start_audit(&settings)?;
    let audit = Arc::new(audit);
    let agent = Agent::new(located, settings, audit.clone());
    let agent = Arc::new(agent);
    let server = Arc::new(Server {
        agent: agent.clone(),
        audit: audit.clone(),
        back_off: Default::default(),
        connections: Default::default(),
        invented: InventedKeys::new()?,
        questions: Default::default(),
        stopping: watch::channel(false).0,
    });
    let served = runtime.block_on(live(server, socket, unlock, ready));
    agent.lock("it has ended");
    let ended = if agent.wait_for_all() {
        Ended::Well
    } else {
        agent.kill_workers();
        Ended::Hung
    };
    drop(lock(&agent.spare).take());
    // The tasks that are left go, and have nothing more to say.
    runtime.shutdown_timeout(Duration::ZERO);
    audit.happened(Happened::Ended);
    audit.finish();
    // A reader who has stopped reading must not keep it from ending.
    let _ = written.recv_timeout(LEAVING);
    served.map(|()| ended)
}

fn start_audit(settings: &Settings) -> Result<(Audit, Written), ServeError> {
    Audit::start(settings.audit_log.as_deref()).map_err(|source| match &settings.audit_log {
        Some(path) => ServeError::AuditLog {
            path: path.clone(),
            source,
        },
        None => source.into(),
    })
}

async fn live(
    server: Arc<Server>,
    socket: Socket,
    mut unlock: Option<Unlock>,
    ready: impl FnOnce(State),
) -> Result<(), ServeError> {
    let agent = server.agent.clone();
    let mut stopping = server.stopping.subscribe();
    let signals = Signals::new()?;
    socket.listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
    let awaits = agent.awaits_token();
    if let Some(unlock) = unlock.take_if(|_| awaits) {
        agent.keep_for_arrival(unlock);
    }
    // Before it is unlocked; else not before it is ready, as until then whoever starts it in the background
    // passes on what is said on stderr.
    let token = agent.inner().token.uri().to_string();
    let started = || server.audit.happened(Happened::Started(&token));
    let unlocks = unlock.is_some();
    if unlocks {
        started();
    }
    if let Some(unlock) = unlock
        && let Err(error) = server.unlock(unlock).await
    {
        if !socket.is_passed() {
            return Err(ServeError::Unlock(error));
        }
        eprintln!("error: {error}");
    }
    let mut tasks = vec![
        tokio::spawn(accept(server.clone(), listener)),
        tokio::spawn(watch_clock(server.clone())),
        tokio::spawn(signals.watch(server.clone())),
    ];
    if awaits {
        tasks.push(tokio::spawn(wait_for_token(server.clone())));
    }
    // Where there is no systemd to be told, nothing is.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    ready(agent.status().state);
    if !unlocks {
        started();
    }
    tasks.extend(sd_notify::watchdog_enabled().map(|time| tokio::spawn(feed_watchdog(time))));
    let gone = async {
        while !socket.is_gone() {
            tokio::time::sleep(SOCKET_LOOK).await;
        }
    };
    if ends_first(gone, stopping.wait_for(|stop| *stop)).await {
        agent.lock("its socket is gone");
        eprintln!("error: the socket is gone, so that nobody can reach the agent; it ends");
        server.stopping.send_replace(true);
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    for task in &tasks {
        task.abort();
    }
    // Nobody else connects from now on.
    drop(socket);
    let limit = agent.settings.request_timeout + Duration::from_secs(1);
    server.connections.finish(limit).await;
    Ok(())
}

/// Tells systemd that it is well, twice as often as is wanted. This thread never waits for the module, so
/// that only an agent that is stuck itself is ended for it.
async fn feed_watchdog(time: Duration) {
    loop {
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        tokio::time::sleep(time / 2).await;
    }
}

/// Waits for one of two; whether it was the first.
async fn ends_first(first: impl Future<Output = ()>, second: impl Future) -> bool {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|cx| {
        if second.as_mut().poll(cx).is_ready() {
            return Poll::Ready(false);
        }
        first.as_mut().poll(cx).map(|()| true)
    })
    .await
}

struct Signals {
    hang_up: Signal,
    rotated: Signal,
    /// That the audit log may not grow is said by the write that fails; left alone, it would end the process.
    _too_large: Signal,
    ends: [Signal; 3],
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            rotated: signal(SignalKind::user_defined1())?,
            _too_large: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
            ends: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::quit())?,
                signal(SignalKind::terminate())?,
            ],
        })
    }

    /// SIGHUP locks, SIGUSR1 opens the audit log anew; the others end the agent once what runs is done.
    async fn watch(self, server: Arc<Server>) {
        for mut end in self.ends {
            let server = server.clone();
            tokio::spawn(async move {
                end.recv().await;
                server.stopping.send_replace(true);
            });
        }
        let mut rotated = self.rotated;
        let audit = server.audit.clone();
        tokio::spawn(async move {
            while rotated.recv().await.is_some() {
                audit.reopen();
            }
        });
        let mut hang_up = self.hang_up;
        while hang_up.recv().await.is_some() {
            server.agent.lock_by_hand("it got the signal SIGHUP");
        }
    }
}
