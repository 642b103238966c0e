//! The agent itself.
//!
//! ```text
//!  connections -> routes -> handlers -> agent: state, queue -> session_loop: worker -> workers: a process each
//!      one thread, which never waits for the module                 one thread each
//! ```
//!
//! The module is loaded in worker processes alone, and the PIN is kept there.

mod agent;
mod audit;
mod awaiting;
mod back_off;
mod clock;
mod confirm;
mod connections;
mod error;
mod handlers;
mod invented;
mod limits;
mod login;
mod looking;
mod metrics;
mod mutex;
mod on_arrival;
mod peer;
mod queue;
mod reading;
mod recovering;
mod refused_pins;
mod replacing;
mod routes;
mod serve;
mod session_loop;
mod socket;
mod status;
mod unlock;
mod waiting;
mod worker;
mod workers;

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;

pub use clock::since_boot;
pub use confirm::{Confirm, ConfirmError, NotConfirmed};
pub use error::AgentError;
pub use serve::{Ended, serve};
pub use socket::{Socket, SocketError};
pub use workers::{Inside, Locate, Located, NotLocated, Workers, work};

use agent::Agent;
use audit::Audit;
use back_off::BackOff;
use confirm::Questions;
use connections::Connections;
use invented::InventedKeys;

use crate::envelope::PublicKey;
use crate::text::escape::Shown as _;
use crate::token::Uri;

/// The settings of an agent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time without use after which it locks; `None` for never.
    pub idle: Option<Duration>,
    /// Time since it was unlocked after which it locks; `None` for never.
    pub max_lifetime: Option<Duration>,
    /// The clock of these two: [`since_boot`], unless somebody tests what a night does.
    pub clock: fn() -> Duration,
    /// Whether it ends, rather than lock, when its time is over.
    pub exit_when_idle: bool,
    /// The most sessions with the token; if `None`, as many as there are cores, and two for a device.
    pub sessions: Option<NonZeroUsize>,
    /// Whether the PIN is kept, to log in again when the token has ended the login.
    pub keep_pin: bool,
    /// Time after which a request is given up that the token has not answered.
    pub request_timeout: Duration,
    /// Time in which a device that failed is brought back, where the PIN is kept.
    pub device_timeout: Duration,
    /// Whether root may ask, too.
    pub allow_root: bool,
    /// How a person is asked before each use of a key; `None` where nobody is.
    pub confirm: Option<Confirm>,
    /// The file of the audit log; stderr if `None`.
    pub audit_log: Option<PathBuf>,
    /// Recorded public keys with the places of their keys: the token may show none itself.
    pub known: Vec<(Uri, PublicKey)>,
    /// Returns the hint what to do about a refusal, as one sentence; empty where its message says
    /// all.
    pub hint: fn(&AgentError) -> String,
}

/// An agent that did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The token was not unlocked with the PIN that was given.
    #[error(transparent)]
    Unlock(AgentError),
    /// The audit log cannot be opened.
    #[error("the audit log {} cannot be written: {source}", .path.shown())]
    AuditLog {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The system does not give what is needed.
    #[error("the agent cannot be started: {0}")]
    System(#[from] io::Error),
}

/// The parts that answer requests.
struct Server {
    agent: Arc<Agent>,
    audit: Arc<Audit>,
    back_off: BackOff,
    connections: Connections,
    invented: InventedKeys,
    questions: Questions,
    stopping: watch::Sender<bool>,
}
