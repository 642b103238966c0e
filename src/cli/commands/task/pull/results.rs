//! The folder that results go to, each into a folder of its own there: complete, or not there.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::Record;
use crate::chain::poco::Id;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::{OutputError, Temporaries};
use crate::file::dir::Dir;
use crate::file::is_temporary;
use crate::file::named;
use crate::file::temporary::TemporaryDir;
use crate::text::escape::Shown as _;

/// The folder. What has to wait does so inside of it, on the same disk.
pub(super) struct Results {
    path: PathBuf,
    dir: Arc<Dir>,
    waiting: TemporaryDir,
    temporaries: Temporaries,
    durable: bool,
}

impl Results {
    /// Makes the folder where it is missing, and clears away what killed runs left in it. The record of what was pulled
    /// keeps other processes out.
    pub(super) fn open(
        context: &Context,
        path: &Path,
        durable: bool,
    ) -> Result<(Self, Record), Failure> {
        let path = context.absolute(path);
        let failed = |error| Failure::from(OutputError::io(&path, error));
        let dir = Arc::new(named::make(&path).map_err(failed)?);
        let record = Record::open(&dir).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => {
                let what = format!("another `task pull` is running in {}", path.shown());
                Failure::new(Code::OutputExists, what)
                    .hint("Wait for its end, or name another folder with --output-dir.")
            }
            _ => {
                let what = format!("the record of {} cannot be read: {error}", path.shown());
                Failure::new(Code::IoFailed, what)
            }
        })?;
        let temporaries = context.temporaries.clone();
        temporaries.sweep(&path);
        let waiting = temporaries.folder(&path, &dir).map_err(failed)?;
        let results = Self {
            path,
            dir,
            waiting,
            temporaries,
            durable,
        };
        Ok((results, record))
    }

    /// The place of a task's result.
    pub(super) fn place(&self, task: Id) -> PathBuf {
        self.path.join(task.to_string())
    }

    /// Whether the result of a task is there; an empty folder is none.
    pub(super) fn has(&self, task: Id) -> bool {
        has_result(&self.path, task)
    }

    /// A file without a name, in which an archive waits as it came, still encrypted.
    pub(super) fn waiting_file(&self) -> Result<File, Failure> {
        let made = self.dir.create_unnamed();
        Ok(made.map_err(|error| OutputError::io(&self.path, error))?)
    }

    /// The folder that a result is unpacked into.
    pub(super) fn waiting_place(&self, task: Id) -> PathBuf {
        let waiting = self.path.join(self.waiting.name());
        waiting.join(task.to_string())
    }

    /// Moves a result that waited to its place.
    pub(super) fn publish(&self, task: Id) -> Result<(), Failure> {
        let name = task.to_string();
        let from = self.waiting.dir();
        let rename = || from.rename(name.as_ref(), &self.dir, name.as_ref(), false);
        let published = self.temporaries.publishing(|| match rename() {
            // Somebody has emptied it by hand.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self
                .dir
                .remove_folder(name.as_ref())
                .and_then(|()| rename())
                .map_err(|_| error),
            renamed => renamed,
        });
        let synced = published.and_then(|()| match self.durable {
            true => self.dir.sync(),
            false => Ok(()),
        });
        Ok(synced.map_err(|error: io::Error| OutputError::io(&self.place(task), error))?)
    }
}

/// Whether the result of a task is in a folder of results.
pub(in crate::cli::commands::task) fn has_result(folder: &Path, task: Id) -> bool {
    let Ok(entries) = fs::read_dir(folder.join(task.to_string())) else {
        return false;
    };
    let mut names = entries.flatten().map(|entry| entry.path()).peekable();
    names.peek().is_some() && !names.any(|name| is_temporary(&name))
}
