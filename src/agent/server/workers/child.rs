//! A worker process as the front sees it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::frame;
use super::notebook::Notebook;
use super::protocol::{
    Find, Keys, LogIn, LoggedIn, ModuleFile, Place, Request, SignedBy, Standing, Unwrapped,
};
use crate::agent::server::limits::LEAVING;
use crate::agent::server::mutex::lock;
use crate::agent::wire;
use crate::process::{end, ended};
use crate::token::{TokenError, TokenInfo, Uri};
use crate::wallet::address::Address;

/// Time for a process that crashed to be gone.
const GOING: Duration = Duration::from_secs(1);

/// A worker process. It is killed when this is dropped.
pub(in crate::agent::server) struct Child {
    socket: UnixStream,
    notebook: Notebook,
    process: Arc<Mutex<process::Child>>,
    /// The time that is waited for an answer now.
    limit: Option<Duration>,
    /// Its module was initialised for the request that comes next.
    is_fresh: bool,
}

/// The process, for whoever has to end it at once.
pub(in crate::agent::server) struct Killable(Weak<Mutex<process::Child>>);

/// A worker that ended, or had to be ended, before it answered.
#[derive(Debug, Clone)]
pub(in crate::agent::server) struct Lost {
    /// The call that it was in.
    call: Option<String>,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    Ended(String),
    Hung(Duration),
    /// It said something else than an answer, in these words of the reader.
    Unclear(String),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call.as_deref().unwrap_or("no call");
        write!(f, "in {call}: {}", self.how)
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(end) => write!(f, "{end}"),
            Self::Hung(limit) => write!(f, "no answer within {} s", limit.as_secs_f64()),
            Self::Unclear(words) => write!(f, "no answer that makes sense: {words}"),
        }
    }
}

impl From<&Lost> for TokenError {
    fn from(lost: &Lost) -> Self {
        let how = match &lost.how {
            How::Ended(end) => format!("has ended ({end})"),
            How::Hung(limit) => format!("took longer than {} s and was ended", limit.as_secs_f64()),
            How::Unclear(words) => format!("gave no answer that makes sense ({words})"),
        };
        let call = lost.call.as_deref();
        Self::process(call.unwrap_or("a worker"), how, call == Some("C_Login"))
    }
}

impl Killable {
    /// Whether somebody still uses it.
    pub(in crate::agent::server) fn is_there(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Ends it at once.
    pub(in crate::agent::server) fn kill(&self) {
        if let Some(process) = self.0.upgrade() {
            // One that has ended needs no more.
            let _ = lock(&process).kill();
        }
    }
}

impl Child {
    pub(super) fn new(child: process::Child, socket: UnixStream, notebook: Notebook) -> Self {
        Self {
            socket,
            notebook,
            process: Arc::new(Mutex::new(child)),
            limit: None,
            is_fresh: false,
        }
    }

    /// The process, for whoever has to end it at once.
    pub(in crate::agent::server) fn killable(&self) -> Killable {
        Killable(Arc::downgrade(&self.process))
    }

    /// Sends a request, and waits for the answer for as long as `limit`.
    pub(super) fn ask<T: DeserializeOwned>(
        &mut self,
        request: &Request,
        limit: Option<Duration>,
    ) -> Result<T, Lost> {
        match self.try_ask(request, limit) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.lost(None)),
            Err(error) => Err(self.lost(Some((error, limit.unwrap_or_default())))),
        }
    }

    fn try_ask<T: DeserializeOwned>(
        &mut self,
        request: &Request,
        limit: Option<Duration>,
    ) -> io::Result<Option<T>> {
        if self.limit != limit {
            self.socket.set_read_timeout(limit)?;
            self.limit = limit;
        }
        match frame::send(&self.socket, request) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(None),
            sent => sent?,
        }
        frame::receive(&self.socket)
    }

    /// What came of it. It has ended after this.
    fn lost(&self, error: Option<(io::Error, Duration)>) -> Lost {
        let call = self.notebook.call();
        let how = match error {
            None => match ended(&mut lock(&self.process), GOING) {
                Ok(Some(status)) => How::Ended(end(status)),
                _ => How::Ended("it closed its socket".into()),
            },
            Some((error, limit)) => {
                let _ = lock(&self.process).kill();
                match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => How::Hung(limit),
                    _ => How::Unclear(error.to_string()),
                }
            }
        };
        Lost { call, how }
    }

    /// Has it load a module.
    pub(in crate::agent::server) fn load(
        &mut self,
        module: &ModuleFile,
        limit: Option<Duration>,
    ) -> Result<Result<(), TokenError>, Lost> {
        self.is_fresh = true;
        self.ask(&Request::Load(module.clone()), limit)
    }

    /// Has it find the token. One whose module was loaded just now does not load it once more.
    pub(in crate::agent::server) fn find(
        &mut self,
        wanted: &Uri,
        known: &TokenInfo,
        limit: Option<Duration>,
    ) -> Result<Result<TokenInfo, TokenError>, Lost> {
        let find = Find {
            wanted: wanted.to_string(),
            known: known.clone(),
            may_restart: !std::mem::take(&mut self.is_fresh),
        };
        self.ask(&Request::Find(find), limit)
    }

    pub(in crate::agent::server) fn log_in(
        &mut self,
        log_in: LogIn,
        limit: Option<Duration>,
    ) -> Result<LoggedIn, Lost> {
        self.ask(&Request::LogIn(log_in), limit)
    }

    pub(in crate::agent::server) fn read_keys(
        &mut self,
        limit: Duration,
    ) -> Result<Result<Keys, TokenError>, Lost> {
        self.ask(&Request::ReadKeys, Some(limit))
    }

    pub(in crate::agent::server) fn unwrap(
        &mut self,
        standing: Standing,
        key: &Place,
        unwrap: &wire::Unwrap,
        limit: Duration,
    ) -> Result<Result<Unwrapped, TokenError>, Lost> {
        let request = Request::Unwrap(standing, key.clone(), unwrap.clone());
        self.ask(&request, Some(limit))
    }

    pub(in crate::agent::server) fn sign(
        &mut self,
        standing: Standing,
        owner: &Address,
        digest: [u8; 32],
        limit: Duration,
    ) -> Result<Result<SignedBy, TokenError>, Lost> {
        let request = Request::Sign(standing, owner.to_string(), digest);
        self.ask(&request, Some(limit))
    }

    pub(in crate::agent::server) fn keep_alive(
        &mut self,
        standing: Standing,
        proves: bool,
        limit: Duration,
    ) -> Result<Result<(), TokenError>, Lost> {
        self.ask(&Request::KeepAlive { standing, proves }, Some(limit))
    }

    pub(in crate::agent::server) fn look(
        &mut self,
        limit: Duration,
    ) -> Result<Result<TokenInfo, TokenError>, Lost> {
        self.ask(&Request::Look, Some(limit))
    }

    pub(in crate::agent::server) fn renew(
        &mut self,
        limit: Duration,
    ) -> Result<Result<(), TokenError>, Lost> {
        self.ask(&Request::Renew, Some(limit))
    }

    pub(in crate::agent::server) fn log_in_again(
        &mut self,
        standing: Standing,
        limit: Duration,
    ) -> Result<Result<Keys, TokenError>, Lost> {
        self.ask(&Request::LogInAgain(standing), Some(limit))
    }
}

/// Lets it log out, finalise its module and end; it is killed where that takes too long.
impl Drop for Child {
    fn drop(&mut self) {
        if frame::send(&self.socket, &Request::End).is_ok() {
            // Its end of the socket is closed when it has ended.
            let _ = self.socket.set_read_timeout(Some(LEAVING));
            let closed = frame::receive::<()>(&self.socket);
            if closed.is_ok_and(|answer| answer.is_none()) {
                let _ = ended(&mut lock(&self.process), GOING);
            }
        }
        let mut process = lock(&self.process);
        // One that has ended is waited for, too: nothing of it stays.
        let _ = process.kill();
        let _ = process.wait();
    }
}
