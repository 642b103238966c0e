//! The program that asks.

use std::env;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::Answer;
use super::environment::environment;
use super::running::Running;
use super::{askpass, pinentry};
use crate::file::ownership;
use crate::text::escape::Shown as _;

/// A program that cannot ask.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfirmError {
    /// There is no such program.
    #[error("the program that asks, {}, is not there or cannot be run", .0.shown())]
    NotThere(PathBuf),
    /// Others can put another program in its place.
    #[error("the program that asks is not run, because other users may have changed it: {0}")]
    Exposed(String),
}

/// A program, and how it is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Program {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As `ssh-agent` calls `SSH_ASKPASS`.
    Askpass,
    /// By the Assuan protocol, as `gpg-agent` does.
    Pinentry,
}

impl Program {
    /// Finds it now: what is put on the `PATH` later is not run.
    pub(super) fn find(named: &Path) -> Result<Self, ConfirmError> {
        let not_there = || ConfirmError::NotThere(named.to_owned());
        let path = match named.parent() == Some(Path::new("")) {
            true => on_path(named).ok_or_else(not_there)?,
            false => std::path::absolute(named).map_err(|_| not_there())?,
        };
        if !is_program(&path) {
            return Err(not_there());
        }
        match ownership::of_file(&path, env::home_dir().as_deref()) {
            Ok(Ok(())) => {}
            Ok(Err(exposed)) => return Err(ConfirmError::Exposed(exposed.to_string())),
            Err(_) => return Err(not_there()),
        }
        let name = path.file_name().unwrap_or_default();
        let kind = match name.to_string_lossy().contains("pinentry") {
            true => Kind::Pinentry,
            false => Kind::Askpass,
        };
        Ok(Self { path, kind })
    }

    /// Asks. The turn ends with the program, however that comes.
    pub(super) async fn ask(
        &self,
        text: &str,
        limit: Duration,
        turn: OwnedSemaphorePermit,
    ) -> Result<Answer, String> {
        match self.kind {
            Kind::Askpass => {
                let mut command = self.command(Stdio::null());
                // It has no terminal to be in the background of, and may be a script with a dialog as its child.
                command.arg(text).env("SSH_ASKPASS_PROMPT", "confirm");
                command.process_group(0);
                askpass::answer(Running::start(command, true, turn)?).await
            }
            Kind::Pinentry => {
                let command = self.command(Stdio::piped());
                pinentry::answer(Running::start(command, false, turn)?, text, limit).await
            }
        }
    }

    /// The command, which no shell reads. It gets none of our secrets: only some variables, and no descriptor but its own
    /// pipes. Its stderr is not ours, which may be the audit log.
    fn command(&self, stdin: Stdio) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().envs(environment());
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.current_dir("/").kill_on_drop(true);
        command
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.shown())
    }
}

fn on_path(name: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders
        .map(|folder| folder.join(name))
        .find(|it| is_program(it))
}

fn is_program(path: &Path) -> bool {
    let executable = |found: &fs::Metadata| found.permissions().mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(|found| found.is_file() && executable(&found))
}
