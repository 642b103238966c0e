//! The audit log: a line for each request with its peer, kind, key and outcome, and for each thing that happens to
//! the agent itself. Never a byte of the request itself.

mod counts;
mod log;
mod lost;
mod time;

use std::io;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::process::geteuid;
use serde::Serialize;

use super::mutex::lock;
use super::peer::Peer;
use crate::agent::wire::Code;
use counts::Counts;
use log::Log;
use lost::Lost;
use time::rfc3339;

/// Lines that may wait for the disk. A reader who has stopped reading must not stop the agent.
const WAITING: usize = 4096;

/// Pauses between two looks whether a disk that was full has room again.
const RETRY: Duration = Duration::from_secs(1);

/// The event of a worker process that was lost.
pub(super) const WORKER_ENDED: &str = "worker-ended";

/// The audit log.
pub(super) struct Audit {
    /// `None` once nothing more is to be written.
    lines: Mutex<Option<SyncSender<Vec<u8>>>>,
    shared: Arc<Shared>,
}

/// What the thread that writes shares with those that have something to say.
#[derive(Default)]
struct Shared {
    lost: Lost,
    reopen: AtomicBool,
    counts: Counts,
}

/// A channel that closes when all lines are written.
pub(super) type Written = Receiver<()>;

/// A request to be logged.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    /// The kind of request.
    pub(super) request: &'static str,
    /// The result key that was named, as a URI; of a wallet its address.
    pub(super) key: Option<&'a str>,
    /// The outcome, in one word.
    pub(super) outcome: &'static str,
    /// The time that it took.
    pub(super) took: Duration,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    pid: i32,
    uid: u32,
    program: &'a str,
    request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    outcome: &'a str,
    milliseconds: f64,
}

/// Something that happened to the agent itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happened<'a> {
    /// It has started, for this token.
    Started(&'a str),
    /// The token that it waited for is there: this one.
    TokenFound(&'a str),
    /// It has logged in.
    Unlocked,
    /// A login failed, for this reason.
    NotUnlocked(&'a str),
    /// The token does not answer any more, or has ended the login.
    TokenLost,
    /// The token that was lost can be used again.
    TokenBack,
    /// It has logged out, for this reason.
    Locked(&'a str),
    /// A worker process has ended by itself, or had to be ended, in this way.
    WorkerEnded(&'a str),
    /// The file of the log was opened anew.
    LogReopened,
    /// It has ended.
    Ended,
}

#[derive(Serialize)]
struct OwnLine<'a> {
    time: String,
    pid: u32,
    uid: u32,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Audit {
    /// Lines go to the end of the file, which only its owner may read, or to stderr. Once
    /// [`Self::finish`] was called and all is written, the other end of [`Written`] goes away.
    pub(super) fn start(file: Option<&Path>) -> io::Result<(Self, Written)> {
        let log = Log::open(file)?;
        let (lines, waiting) = sync_channel(WAITING);
        let (all, written) = sync_channel(0);
        let shared = Arc::new(Shared::default());
        let writers = shared.clone();
        thread::Builder::new().name("audit".into()).spawn(move || {
            write(&waiting, log, &writers);
            drop(all);
        })?;
        let lines = Mutex::new(Some(lines));
        Ok((Self { lines, shared }, written))
    }

    /// Writes one line on a request.
    pub(super) fn note(&self, peer: &Peer, event: &Event<'_>) {
        self.shared.counts.request(event.request, event.outcome);
        let is_uri = |key: &&str| key.starts_with("pkcs11:");
        self.send(to_line(&Line {
            time: rfc3339(SystemTime::now()),
            pid: peer.pid,
            uid: peer.uid,
            program: &peer.program,
            request: event.request,
            key: event.key.filter(is_uri),
            address: event.key.filter(|key| !is_uri(key)),
            outcome: event.outcome,
            milliseconds: (event.took.as_secs_f64() * 1e6).round() / 1e3,
        }));
    }

    /// Writes one line on the agent itself.
    pub(super) fn happened(&self, what: Happened<'_>) {
        self.shared.counts.event(what.word());
        if let Happened::TokenLost | Happened::WorkerEnded(_) = what {
            self.shared.counts.failed(Code::DeviceFailed.word());
        }
        self.send(what.line());
    }

    /// Has the file opened anew: the one that was written to has another name now.
    pub(super) fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        // Wakes the thread; where the queue is full it is awake.
        if let Some(lines) = &*lock(&self.lines) {
            let _ = lines.try_send(vec![]);
        }
    }

    /// Takes no more lines.
    pub(super) fn finish(&self) {
        *lock(&self.lines) = None;
    }

    /// Returns the number of lines that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.shared.lost.ever()
    }

    /// Returns the numbers of what was noted.
    pub(super) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    fn send(&self, line: Vec<u8>) {
        let lines = lock(&self.lines);
        if let Some(lines) = &*lines
            && lines.try_send(line).is_err()
        {
            self.shared.lost.add();
        }
    }
}

impl Happened<'_> {
    /// The event, in one word.
    fn word(self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::TokenFound(_) => "token-found",
            Self::Unlocked => "unlocked",
            Self::NotUnlocked(_) => "not-unlocked",
            Self::TokenLost => "token-lost",
            Self::TokenBack => "token-back",
            Self::Locked(_) => "locked",
            Self::WorkerEnded(_) => WORKER_ENDED,
            Self::LogReopened => "audit-log-reopened",
            Self::Ended => "ended",
        }
    }

    fn line(self) -> Vec<u8> {
        let (token, reason) = match self {
            Self::Started(token) | Self::TokenFound(token) => (Some(token), None),
            Self::NotUnlocked(reason) | Self::Locked(reason) | Self::WorkerEnded(reason) => {
                (None, Some(reason))
            }
            _ => (None, None),
        };
        to_line(&OwnLine {
            time: rfc3339(SystemTime::now()),
            pid: process::id(),
            uid: geteuid().as_raw(),
            event: self.word(),
            token,
            reason,
        })
    }
}

/// Writes what comes, until nothing more can come.
fn write(lines: &Receiver<Vec<u8>>, mut log: Log, shared: &Shared) {
    let mut fails = false;
    loop {
        let line = match shared.lost.any() {
            true => lines.recv_timeout(RETRY),
            false => lines.recv().map_err(RecvTimeoutError::from),
        };
        if shared.reopen.swap(false, Ordering::Acquire) {
            reopen(&mut log);
        }
        let line = match line {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => vec![],
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match append(&mut log, &line, shared) {
            Ok(()) => fails = false,
            // Said once, and not again before it was better.
            Err(error) if !std::mem::replace(&mut fails, true) => log.complain("written", &error),
            Err(_) => {}
        }
    }
    // The last chance to say that lines are missing.
    let _ = append(&mut log, b"", shared);
}

/// Writes `line`, after how many were lost before it. One that cannot be written is lost.
fn append(log: &mut Log, line: &[u8], shared: &Shared) -> io::Result<()> {
    let lost = shared.lost.take();
    if let Some(lost) = &lost
        && let Err(error) = log.append(&to_line(&lost.line()))
    {
        shared.lost.give_back(*lost);
        if !line.is_empty() {
            shared.lost.add();
        }
        return Err(error);
    }
    log.append(line).inspect_err(|_| shared.lost.add())
}

fn reopen(log: &mut Log) {
    match log.reopen() {
        // What fails now fails again, and is told, with the next line.
        Ok(true) => drop(log.append(&Happened::LogReopened.line())),
        Ok(false) => {}
        Err(error) => log.complain("opened anew", &error),
    }
}

fn to_line(line: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}
