//! The folder that results go to, each into a folder of its own there: complete, or not there.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Known, Record};
use crate::chain::poco::Id;
use crate::cli::commands::result::warn_of_exposed;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::{MadeFolder, OutputError, Temporaries};
use crate::file::dir::Dir;
use crate::file::is_temporary;
use crate::file::named;
use crate::file::ownership::is_trusted;
use crate::file::temporary::TemporaryDir;
use crate::text::escape::Shown as _;

/// The folder. What has to wait does so inside of it, on the same disk.
pub(super) struct Results {
    path: PathBuf,
    dir: Arc<Dir>,
    waiting: TemporaryDir,
    temporaries: Temporaries,
    durable: bool,
    /// Whether others may put something into it, and move what is there.
    is_exposed: bool,
}

/// What stands in the place of a result.
pub(super) enum Found {
    Nothing,
    /// A result of an earlier run, as it was put there.
    Result,
    /// What others may have put there.
    Other,
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
        let dir = made(&path, &context.temporaries, durable).map_err(failed)?;
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
        let is_exposed = warn_of_exposed(context, std::slice::from_ref(&path));
        let waiting = temporaries.folder(&path, &dir).map_err(failed)?;
        let results = Self {
            path,
            dir,
            waiting,
            temporaries,
            durable,
            is_exposed,
        };
        Ok((results, record))
    }

    /// The place of a task's result.
    pub(super) fn place(&self, task: Id) -> PathBuf {
        self.path.join(task.to_string())
    }

    /// Whether the result of a task is there; an empty folder is none.
    pub(super) fn has(&self, task: Id) -> bool {
        full(&self.dir, task).is_some()
    }

    /// Looks at what is there of a task that no run has done all for. What others can have put there under its name was
    /// neither opened nor verified.
    pub(super) fn look(&self, task: Id, known: Option<Known>) -> Found {
        let Some(folder) = full(&self.dir, task) else {
            return Found::Nothing;
        };
        let Ok(found) = folder.look() else {
            return Found::Other;
        };
        let inode = found.inode();
        let is_as_it_was_put = known == Some(Known::Placed { inode }) || !self.is_exposed;
        match is_trusted(found.owner()) && !found.is_shared() && is_as_it_was_put {
            true => Found::Result,
            false => Found::Other,
        }
    }

    /// A file without a name, in which an archive waits as it came, still encrypted.
    pub(super) fn waiting_file(&self) -> Result<File, Failure> {
        let made = self.dir.create_unnamed();
        Ok(made.map_err(|error| OutputError::io(&self.path, error))?)
    }

    /// The folder in which results are unpacked.
    pub(super) fn waiting(&self) -> Arc<Dir> {
        self.waiting.dir()
    }

    /// What tells the folder of a result that waits from others.
    pub(super) fn inode(&self, task: Id) -> Result<u64, Failure> {
        let folder = self.waiting.dir().child(task.to_string().as_ref());
        let found = folder.and_then(|it| it.look());
        let found = found.map_err(|error| OutputError::io(&self.place(task), error))?;
        Ok(found.inode())
    }

    /// Whether a result's place must be on record, for a power cut, before it gets it: only that tells it from what others
    /// may put there.
    pub(super) fn needs_lasting_record(&self) -> bool {
        self.durable && self.is_exposed
    }

    /// Removes what there is of a result that failed: another try begins with nothing.
    pub(super) fn give_up(&self, task: Id) -> io::Result<()> {
        self.waiting.remove(task.to_string().as_ref())
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

/// Makes the folder at `path` with all that is missing of it, to stay.
fn made(path: &Path, temporaries: &Temporaries, durable: bool) -> io::Result<Arc<Dir>> {
    let folder = MadeFolder::create(path, temporaries)?;
    if durable {
        folder.sync_made()?;
    }
    let dir = Arc::clone(folder.dir());
    folder.keep();
    Ok(dir)
}

/// Whether the result of a task is in a folder of results.
pub(in crate::cli::commands::task) fn has_result(folder: &Path, task: Id) -> bool {
    named::open(folder).is_ok_and(|folder| full(&folder, task).is_some())
}

/// The folder with the result of a task, which is no link.
fn full(folder: &Dir, task: Id) -> Option<Dir> {
    let place = folder.child(task.to_string().as_ref()).ok()?;
    let entries = fs::read_dir(place.path_of(".".as_ref())).ok()?;
    let mut names = entries.flatten().map(|entry| entry.path()).peekable();
    let is_full = names.peek().is_some() && !names.any(|name| is_temporary(&name));
    is_full.then_some(place)
}
