//! Connections: not too many, none for too long, and only of this user.

use std::collections::HashMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Server;
use super::audit::Event;
use super::limits::{FIRST_REQUEST, HEAD, HEAD_TIME, HEADERS};
use super::mutex::lock;
use super::peer::Peer;
use super::routes::answer;
use super::waiting::{Origin, Room, Waiting, room};
use crate::agent::wire::{Code, Refusal, Refused};

/// The connections that are open.
#[derive(Default)]
pub(super) struct Connections {
    open: Mutex<HashMap<u64, Open>>,
    last_id: AtomicU64,
    /// Wakes who waits: a connection or a request has ended.
    fewer: Notify,
}

struct Open {
    task: Option<AbortHandle>,
    origin: Origin,
    /// Since when no request of it is worked on; `None` while one is.
    idle: Option<Instant>,
    /// Whether a request of it was answered.
    served: bool,
}

impl Connections {
    /// Takes one more, if need be in the place of another that waits for its request; `None` where there is no
    /// room. Nobody waits for that: what is accepted late is answered late, `lock` and `stop` as well.
    fn admit(&self, origin: Origin) -> Option<u64> {
        let mut open = lock(&self.open);
        let waiting = open.iter().filter_map(|(id, it)| {
            Some(Waiting {
                id: *id,
                origin: it.origin,
                since: it.idle?,
                served: it.served,
            })
        });
        let waiting: Vec<Waiting> = waiting.collect();
        match room(&waiting, origin) {
            Room::Free => {}
            Room::InPlaceOf(other) => {
                if let Some(task) = open.remove(&other).and_then(|it| it.task) {
                    task.abort();
                }
            }
            Room::None => return None,
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let it = Open {
            task: None,
            origin,
            idle: Some(Instant::now()),
            served: false,
        };
        open.insert(id, it);
        Some(id)
    }

    fn set_task(&self, id: u64, task: AbortHandle) {
        if let Some(open) = lock(&self.open).get_mut(&id) {
            open.task = Some(task);
        }
    }

    /// The request of a connection is there, all of it: it is in nobody's way any more.
    pub(super) fn set_busy(&self, id: u64) {
        if let Some(open) = lock(&self.open).get_mut(&id) {
            open.idle = None;
        }
    }

    fn set_idle(&self, id: u64) {
        if let Some(open) = lock(&self.open).get_mut(&id) {
            open.served |= open.idle.is_none();
            open.idle = Some(Instant::now());
        }
        self.fewer.notify_one();
    }

    fn remove(&self, id: u64) {
        lock(&self.open).remove(&id);
        self.fewer.notify_one();
    }

    /// Waits until what came before was asked, for [`FIRST_REQUEST`] at most; until no request is worked
    /// on, or `limit` is over; and then a moment for the answers to be sent.
    pub(super) async fn finish(&self, limit: Duration) {
        let until = |done: fn(&HashMap<u64, Open>) -> bool| async move {
            while !done(&lock(&self.open)) {
                self.fewer.notified().await;
            }
        };
        let none_new = until(|open| open.values().all(|it| it.served || it.idle.is_none()));
        let _ = tokio::time::timeout(FIRST_REQUEST, none_new).await;
        let no_work = until(|open| open.values().all(|it| it.idle.is_some()));
        // What is not done by then is not waited for.
        let _ = tokio::time::timeout(limit, no_work).await;
        let _ = tokio::time::timeout(Duration::from_millis(500), until(HashMap::is_empty)).await;
    }
}

/// Accepts connections until the agent stops.
pub(super) async fn accept(server: Arc<Server>, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                admit(&server, stream);
                // Who was here before gets a turn, or a crowd that comes at once would be in the way of it.
                tokio::task::yield_now().await;
            }
            // Most likely there are no file descriptors left; one will be free soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn admit(server: &Arc<Server>, stream: UnixStream) {
    let Ok(mut peer) = Peer::of(&stream) else {
        return;
    };
    if !peer.is_allowed(server.agent.settings.allow_root) {
        refuse(&stream);
        peer.find_program();
        let event = Event {
            request: "connect",
            outcome: "other-user",
            ..Event::default()
        };
        server.audit.note(&peer, &event);
        return;
    }
    let Some(id) = server.connections.admit(peer.origin()) else {
        return;
    };
    peer.find_program();
    let served = server.clone();
    let task = tokio::spawn(async move {
        serve(&served, stream, Arc::new(peer), id).await;
        served.connections.remove(id);
    });
    server.connections.set_task(id, task.abort_handle());
}

async fn serve(server: &Arc<Server>, stream: UnixStream, peer: Arc<Peer>, id: u64) {
    let start = Instant::now();
    let asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        let (server, peer) = (server.clone(), peer.clone());
        async move {
            let answered = answer(server.clone(), peer, id, request).await;
            server.connections.set_idle(id);
            answered
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut stopping = server.stopping.subscribe();
    let stop = async {
        let _ = stopping.wait_for(|stop| *stop).await;
        // Who has just connected is about to ask, and would lose that.
        if !asked.load(Ordering::Relaxed) {
            tokio::time::sleep(FIRST_REQUEST).await;
        }
    };
    let mut stop = pin!(stop);
    let mut stopped = false;
    let ended = poll_fn(|cx| {
        if !stopped && stop.as_mut().poll(cx).is_ready() {
            stopped = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    if let Err(error) = ended.await
        && (error.is_parse() || error.is_parse_too_large())
    {
        let event = Event {
            request: "malformed",
            outcome: Code::Usage.word(),
            took: start.elapsed(),
            key: None,
        };
        server.audit.note(&peer, &event);
    }
}

/// Tells somebody else that there is nothing to be had here.
fn refuse(stream: &UnixStream) {
    let refused = Refused {
        ok: false,
        error: Refusal::new(
            Code::AgentNotAvailable,
            "this agent answers the user that started it, and nobody else",
        )
        .hint(
            "Ask it as that user; root is answered, too, by one that is started with --allow-root.",
        ),
    };
    let body = serde_json::to_string(&refused).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // It fits into the socket's buffer, or the other side does without.
    let _ = stream.try_write([head, body].concat().as_bytes());
}
