//! Talks to an agent. Blocking, and without a runtime: the decrypt path has none.

mod connection;
mod keys;
mod listener;
mod waits;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::wire::{self, Keys, Refusal, Refused, SignedSmsChallenge, State, Status, path};
use crate::text::escape::Shown as _;
use connection::{Answer, Connection, Fault, Request};
use listener::{Trust, is_trusted};

pub use keys::AgentKeys;
pub use waits::Waits;

/// The longest time that a request is repeated when the agent says that it comes too early.
const RETRY_TIME: Duration = Duration::from_secs(300);

/// The longest time in which nothing comes where the agent is asked how it is: it does not ask the token for that.
const STATUS_TIME: Duration = Duration::from_secs(5);

/// The time that an answer may take beyond that in which an agent gives a request up.
const ON_THE_WAY: Duration = Duration::from_secs(6);

/// A connection to an agent of this user.
pub struct AgentClient {
    path: PathBuf,
    /// Whose agent it may be, this time and when it connects anew.
    trust: Trust,
    connection: Connection,
}

/// An agent that gave no answer of use. Each variant says whether a retry can help.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there. A retry helps once one is started.
    #[error("no agent answers at {}", .0.shown())]
    NotThere(PathBuf),
    /// Something went wrong on the way. A retry may help.
    #[error("cannot talk to the agent at {}: {source}", .path.shown())]
    Io {
        /// The socket.
        path: PathBuf,
        /// The cause.
        source: io::Error,
        /// Whether a PIN attempt may have been made: the request was sent, and not answered.
        pin_sent: bool,
    },
    /// This user may not connect there. A retry does not help.
    #[error("this user cannot reach {}: an agent answers only its own user", .0.shown())]
    OutOfReach(PathBuf),
    /// Somebody listens there and says nothing, as a process that was stopped. A retry may help.
    #[error("the agent at {} does not answer", .0.shown())]
    Silent(PathBuf),
    /// The agent belongs to somebody else. A retry does not help.
    #[error("the agent at {} belongs to another user", .0.shown())]
    Foreign(PathBuf),
    /// Somebody else may put another socket in its place. A retry does not help.
    #[error("other users can replace the agent's socket {}", .0.shown())]
    Replaceable(PathBuf),
    /// The answer is none of an agent's. A retry does not help.
    #[error("the program that answers at {} is not an agent, or is another version of it", .0.shown())]
    NoAgent(PathBuf),
    /// The agent is locked. A retry helps when it was unlocked.
    #[error("{}", .0.message)]
    Locked(Refusal),
    /// The agent said no; its words.
    #[error("{}", .0.message)]
    Refused(Refusal),
}

impl AgentClient {
    /// Connects to the agent at `path`, which has to belong to this user or to root: what it answers
    /// is believed, and it may be told the PIN.
    ///
    /// # Errors
    /// [`ClientError::NotThere`] when there is none.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        Self::connect_trusting(path, Trust::Own)
    }

    /// Connects to the agent at `path`, which may be anybody's where root asks. It is told no PIN.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_to_any(path: &Path) -> Result<Self, ClientError> {
        Self::connect_trusting(path, Trust::AnyForRoot)
    }

    fn connect_trusting(path: &Path, trust: Trust) -> Result<Self, ClientError> {
        Ok(Self {
            path: path.to_owned(),
            trust,
            connection: Connection::new(connect(path, trust)?),
        })
    }

    /// Whether it belongs to another user, which it may where root asks.
    pub fn is_foreign(&self) -> bool {
        self.check_owner().is_err()
    }

    /// Fails where the agent may not be told a PIN, as it is not this user's nor root's.
    ///
    /// # Errors
    /// [`ClientError::Foreign`], [`ClientError::Replaceable`].
    pub fn check_owner(&self) -> Result<(), ClientError> {
        is_trusted(self.connection.stream(), &self.path)
    }

    /// Connects anew.
    fn reconnect(&mut self) -> Result<(), ClientError> {
        self.connection = self.connection.anew(connect(&self.path, self.trust)?);
        Ok(())
    }

    /// Asks for the state of the agent.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status(&mut self) -> Result<Status, ClientError> {
        self.status_within(STATUS_TIME)
    }

    /// Asks for the state of the agent, and gives up when nothing comes for so long. Other requests
    /// have the time that they need.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status_within(&mut self, patience: Duration) -> Result<Status, ClientError> {
        let usual = self.connection.set_silence(patience);
        let status: Result<Status, ClientError> = self.get(path::STATUS);
        self.connection.set_silence(usual);
        if let Some(time) = status.as_ref().ok().and_then(Status::request_time) {
            self.expect_answers_within(time);
        }
        status
    }

    /// Waits for answers for no longer than an agent that gives requests up after `time`: one that was
    /// stopped never answers.
    fn expect_answers_within(&mut self, time: Duration) {
        self.connection.set_silence(time + ON_THE_WAY);
    }

    /// Asks for the keys on the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn keys(&mut self) -> Result<Keys, ClientError> {
        self.get(path::KEYS)
    }

    /// Asks for the result keys that the agent is logged in for.
    ///
    /// # Errors
    /// [`ClientError::Locked`] when it is not logged in.
    pub fn keys_of_login(&mut self) -> Result<Vec<wire::Key>, ClientError> {
        let keys = self.keys()?;
        match keys.state {
            State::Locked | State::Unlocking => Err(ClientError::Locked(Refusal::new(
                wire::Code::AgentNotAvailable,
                "the agent was locked just now",
            ))),
            State::Unlocked | State::Recovering => Ok(keys.keys),
        }
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// [`ClientError::Locked`] when it has to be unlocked first. A bad ciphertext is no error.
    pub fn unwrap(&mut self, request: &wire::Unwrap) -> Result<wire::Unwrapped, ClientError> {
        self.post(path::UNWRAP, request)
    }

    /// Logs the agent in. Nothing is sent to one of another user.
    ///
    /// # Errors
    /// [`ClientError::Foreign`]; [`ClientError::Refused`] with a word for what is wrong with the PIN.
    pub fn unlock(&mut self, request: &wire::Unlock) -> Result<Status, ClientError> {
        let request = self.request(path::UNLOCK, request)?.trying_pin();
        self.ask(&request)
    }

    /// Logs the agent out.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn lock(&mut self) -> Result<Status, ClientError> {
        self.post(path::LOCK, &())
    }

    /// Ends the agent, once its requests are answered.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn stop(&mut self) -> Result<Status, ClientError> {
        self.post(path::STOP, &())
    }

    /// Signs as the owner's wallet on the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn sign_sms_challenge(
        &mut self,
        request: &wire::SignSmsChallenge,
    ) -> Result<SignedSmsChallenge, ClientError> {
        self.post(path::SIGN_SMS_CHALLENGE, request)
    }

    fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, ClientError> {
        self.ask(&Request::get(path))
    }

    fn post<T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let request = self.request(path, body)?;
        self.ask(&request)
    }

    fn request(&self, path: &str, body: &impl Serialize) -> Result<Request, ClientError> {
        Request::post(path, body).map_err(|error| io_error(&self.path, error.into()))
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, ClientError> {
        let deadline = Instant::now() + RETRY_TIME;
        loop {
            let answer = self.send(request)?;
            match answer.retry_after {
                Some(wait) if wait < deadline.saturating_duration_since(Instant::now()) => {
                    thread::sleep(wait);
                }
                _ => return self.read(&answer),
            }
        }
    }

    /// Sends the request; once more where the agent has closed a connection that was idle. Of a PIN
    /// attempt nobody would know whether it was made before that: it gets a connection of its own.
    fn send(&mut self, request: &Request) -> Result<Answer, ClientError> {
        if request.tries_pin {
            self.reconnect()?;
            self.check_owner()?;
        }
        let mut sent = self.connection.send(request);
        if let Err(Fault::Closed) = sent {
            self.reconnect()?;
            sent = self.connection.send(request);
        }
        sent.map_err(|fault| self.fault(fault, request.tries_pin))
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ClientError> {
        let no_agent = |_| ClientError::NoAgent(self.path.clone());
        if answer.status == 200 {
            return serde_json::from_slice(&answer.body).map_err(no_agent);
        }
        let refused: Refused = serde_json::from_slice(&answer.body).map_err(no_agent)?;
        Err(match answer.status {
            423 => ClientError::Locked(refused.error),
            _ => ClientError::Refused(refused.error),
        })
    }

    fn fault(&self, fault: Fault, pin_sent: bool) -> ClientError {
        let source = match fault {
            Fault::Io(source) => source,
            Fault::Closed => io::ErrorKind::UnexpectedEof.into(),
            Fault::NotHttp => return ClientError::NoAgent(self.path.clone()),
        };
        // A time that is over is told as the first, or as the second on some systems.
        let late = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
        if !pin_sent && late.contains(&source.kind()) {
            return ClientError::Silent(self.path.clone());
        }
        ClientError::Io {
            path: self.path.clone(),
            source,
            pin_sent,
        }
    }
}

/// A failure before anything was sent.
fn io_error(path: &Path, source: io::Error) -> ClientError {
    ClientError::Io {
        path: path.to_owned(),
        source,
        pin_sent: false,
    }
}

impl Status {
    /// The time after which the agent gives a request up; unknown where it does not tell. Where a person is asked, a question
    /// may have to wait for its turn first.
    pub fn request_time(&self) -> Option<Duration> {
        let confirm = 2 * self.confirm_seconds.unwrap_or(0);
        let seconds = self.request_seconds?.saturating_add(confirm);
        Some(Duration::from_secs(seconds))
    }

    /// Whether nothing can be asked of the token before somebody unlocks it.
    pub fn is_locked(&self) -> bool {
        matches!(self.state, State::Locked | State::Unlocking)
    }
}

fn connect(path: &Path, trust: Trust) -> Result<UnixStream, ClientError> {
    let stream = UnixStream::connect(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ClientError::NotThere(path.to_owned())
        }
        io::ErrorKind::PermissionDenied => ClientError::OutOfReach(path.to_owned()),
        _ => io_error(path, source),
    })?;
    if !trust.is_any() {
        is_trusted(&stream, path)?;
    }
    Ok(stream)
}

#[cfg(test)]
mod tests;
