//! What starts worker processes.

use std::io;
use std::process::Command;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::child::{Child, Lost};
use super::notebook::Notebook;
use super::protocol::{Found, ModuleFile, Request};
use crate::process;
use crate::token::{TokenError, TokenInfo};

/// The program that worker processes run.
#[derive(Clone)]
pub struct Workers(Arc<dyn Fn() -> Command + Send + Sync>);

/// The first worker, which has found the token.
pub struct Located {
    pub(in crate::agent::server) child: Child,
    pub(in crate::agent::server) module: ModuleFile,
    pub(in crate::agent::server) workers: Workers,
    token: TokenInfo,
}

/// A token that was not found, with the program's own error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotLocated<E> {
    /// The worker's program says so.
    #[error("the worker found no token")]
    Program(E),
    /// The process cannot be started.
    #[error("no worker process can be started: {0}")]
    Start(#[from] io::Error),
    /// The process ended, or the module did not let it answer.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Workers {
    /// Workers are started by the `command` that is made for each. Its program must call [`super::work`]; stdin and
    /// stdout are set here.
    pub fn new(command: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        Self(Arc::new(command))
    }

    /// Starts the first worker, and has it find module and token.
    ///
    /// # Errors
    /// [`NotLocated`]; the program's error is the one that its [`super::Inside::locate`] returned.
    pub fn locate<E: DeserializeOwned>(&self) -> Result<Located, NotLocated<E>> {
        let mut child = self.start()?;
        // Whoever starts an agent in front of a module that hangs can see that, and end it.
        let found: Result<Found, E> = child
            .ask(&Request::Locate, None)
            .map_err(|lost| TokenError::from(&lost))?;
        let Found { module, token } = found.map_err(NotLocated::Program)?;
        Ok(Located {
            child,
            module,
            workers: self.clone(),
            token,
        })
    }

    /// Starts a worker.
    pub(super) fn start(&self) -> io::Result<Child> {
        let notebook = Notebook::new()?;
        let (child, socket) = process::start((self.0)().stdout(notebook.file()?))?;
        Ok(Child::new(child, socket, notebook))
    }

    /// Starts a worker, and has it load `module`.
    pub(in crate::agent::server) fn start_with(
        &self,
        module: &ModuleFile,
        limit: Option<std::time::Duration>,
    ) -> Result<Child, TokenError> {
        let mut child = self
            .start()
            .map_err(|error| TokenError::device("the start of a worker", error))?;
        let loaded = child.load(module, limit);
        loaded.map_err(|lost: Lost| TokenError::from(&lost))??;
        Ok(child)
    }
}

impl Located {
    /// The token, which may be one that is [not there yet](TokenInfo::awaited).
    pub fn token(&self) -> &TokenInfo {
        &self.token
    }
}

impl std::fmt::Debug for Located {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Located")
            .field("token", &self.token.label)
            .finish_non_exhaustive()
    }
}
