//! The main job: archive, unwrap, stream, checked output.
//!
//! `pipeline.rs` has the stages from the archive's bytes to those of the result.
//!
//! Nothing stands under its final name before all checks are passed, and every bad ciphertext
//! ends as the one [`DecryptError::CannotDecrypt`].

mod error;
mod file;
mod folder;
mod key_search;
mod made_folder;
mod output;
mod pipeline;
mod pool;
mod prepare;
mod tasks;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

pub use error::DecryptError;
pub use made_folder::MadeFolder;
pub use output::OutputError;

pub use crate::file::temporary::Temporaries;

use crate::archive::result_zip::{Contents, ResultSummary};
use crate::archive::{Archive, Limits};
use crate::envelope::{ChunkReader, ContentKey, KeyName, Unwrap};
use crate::file::{ReadAt as _, WriteBehind};
use folder::PendingFolder;
use key_search::KeySearch;
use pipeline::Counted;
use prepare::{Opened, Search};
use tasks::{Share, Task};

/// The place that a result goes to.
#[non_exhaustive]
pub enum Target<'a> {
    /// One zip file, mode 0600. `force` replaces what stands there.
    File {
        /// The final name.
        path: &'a Path,
        /// Whether an existing file is replaced.
        force: bool,
    },
    /// The files in it, below a folder that is made when it is not there.
    Folder {
        /// The folder.
        path: &'a Path,
        /// Whether the file that stands at a path is replaced.
        replace: &'a dyn Fn(&Path) -> bool,
    },
    /// The zip, to a stream that cannot be taken back: one pass checks, a second one streams.
    Stream(&'a mut dyn Write),
}

/// The way in which a result is opened. Change the fields of a default one.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Check the CRC of every file in the result even where it is not extracted.
    pub verify: bool,
    /// The bounds that an archive must keep.
    pub limits: Limits,
    /// Leave it to the system when the result is on the disk: a power cut may take it back, or
    /// leave it under its final name with nothing in it.
    pub no_sync: bool,
    /// The temporaries that a signal handler of the program discards.
    pub temporaries: Temporaries,
}

/// A result that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The key that opened it.
    pub key: KeyName,
    /// Bytes that were written: of the zip, or of the files in it.
    pub bytes: u64,
    /// Entries in it.
    pub entries: u64,
}

/// Told of the bytes of the result that were just worked on; of all of them twice for
/// [`Target::Stream`].
pub type Progress<'a> = &'a dyn Fn(u64);

/// Opens `archive` with one of `keys` into `target`.
///
/// # Errors
/// [`DecryptError`]; whatever it is, what stood under the final name before is still there.
pub fn decrypt<U: Unwrap>(
    archive: &Archive,
    keys: &mut U,
    target: Target<'_>,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, DecryptError<U::Error>> {
    target.check(archive)?;
    let search = match target {
        Target::File { .. } => Search::Later,
        Target::Folder { .. } | Target::Stream(_) => Search::begin(archive),
    };
    let mut away = false;
    let (key_search, name, key) = loop {
        let mut key_search = KeySearch::new(archive, keys)?;
        if let Some((name, key)) = key_search.content_key(keys)? {
            break (key_search, name, key);
        }
        let cause = key_search.fail_late(keys, progress)?;
        // One that is away again and again is no use.
        if std::mem::replace(&mut away, true) {
            return Err(DecryptError::Keys(cause));
        }
    };
    keys.done(true).map_err(DecryptError::Keys)?;
    let run = Run {
        archive,
        key: Arc::new(key),
        options,
        progress,
    };
    match run.to(target, search) {
        Ok((bytes, entries)) => Ok(Report {
            key: name,
            bytes,
            entries,
        }),
        Err(DecryptError::CannotDecrypt) => Err(key_search.fail_after_all(keys)),
        Err(error) => Err(error.with_keys()),
    }
}

/// One archive with its content key.
struct Run<'a> {
    archive: &'a Archive,
    key: Arc<ContentKey>,
    options: &'a Options,
    progress: Progress<'a>,
}

/// A failure that no key holder had a part in.
type RunError = DecryptError<std::convert::Infallible>;

impl Run<'_> {
    /// Returns the bytes and the entries of the result.
    fn to(&self, target: Target<'_>, search: Search) -> Result<(u64, u64), RunError> {
        match target {
            Target::File { path, force } => self.to_file(path, force),
            Target::Folder { path, replace } => self.to_folder(path, replace, search),
            Target::Stream(stream) => self.to_stream(stream, search),
        }
    }

    fn to_file(&self, path: &Path, force: bool) -> Result<(u64, u64), RunError> {
        let fail = |error| OutputError::io(path, error);
        let mut pending = self.options.temporaries.file(path).map_err(fail)?;
        let file = WriteBehind::new(pending.file(), self.durable());
        let body = pipeline::encrypted(self.archive, &self.key);
        let threads = pipeline::threads(self.archive.body_len());
        let bytes = file::pour(body, (&file, path), threads, self.progress)?;
        let file = pending.file().try_clone().map_err(fail)?;
        let entries = self.check_file(file)?;
        if self.durable() {
            pending.publish(path, force).map_err(fail)?;
        } else {
            pending.publish_unsynced(path, force).map_err(fail)?;
        }
        Ok((bytes, entries))
    }

    /// Checks a finished result before it gets its name, and returns its number of entries.
    fn check_file(&self, file: File) -> Result<u64, RunError> {
        let contents = Contents::read(Arc::new(file), &self.options.limits)?;
        if self.options.verify {
            let files: Vec<_> = contents.entries().map(Task::Check).collect();
            tasks::run(&files, &|_| {})?;
        }
        Ok(contents.summary().entries)
    }

    fn to_folder(
        &self,
        path: &Path,
        replace: &dyn Fn(&Path) -> bool,
        search: Search,
    ) -> Result<(u64, u64), RunError> {
        let mut folder = PendingFolder::create(path, &self.options.temporaries)?;
        let waiting = folder.waiting().to_owned();
        let (_, summary) = self.check(search, &waiting, |contents| {
            let write = |(member, path)| Task::Write(member, path, self.durable());
            Ok(folder.prepare(contents)?.into_iter().map(write).collect())
        })?;
        folder.publish(replace, self.durable())?;
        Ok((summary.size, summary.entries))
    }

    fn to_stream(&self, stream: &mut dyn Write, search: Search) -> Result<(u64, u64), RunError> {
        let (opened, summary) = self.check(search, &std::env::temp_dir(), |contents| {
            Ok(contents.entries().map(Task::Check).collect())
        })?;
        let bytes = opened.stream(stream, self.progress)?;
        Ok((bytes, summary.entries))
    }

    /// Checks the archive and all that is in the result, where it is, by the tasks that `plan`
    /// makes of its contents. What has to wait on a disk, still encrypted, does so in `folder`.
    fn check(
        &self,
        search: Search,
        folder: &Path,
        plan: impl for<'c> FnOnce(&'c Contents) -> Result<Vec<Task<'c>>, RunError>,
    ) -> Result<(Opened, ResultSummary), RunError> {
        let checked = Opened::new(self.archive, search, &self.key, folder).and_then(|opened| {
            let contents = Contents::read(opened.result.clone(), &self.options.limits)?;
            let summary = contents.summary();
            let progress = Share::of(opened.result.len()?, summary.size, self.progress);
            tasks::run(&plan(&contents)?, &|bytes| progress.tell(bytes))?;
            opened.finish()?;
            Ok((opened, summary))
        });
        // As much work as where no key fits, and what is wrong with the archive counts more.
        if matches!(checked, Err(DecryptError::CannotDecrypt)) {
            prefer_damage(&mut self.result(), Err(DecryptError::CannotDecrypt))?;
        }
        checked
    }

    fn durable(&self) -> bool {
        !self.options.no_sync
    }

    fn result(&self) -> ChunkReader<Counted<'_>> {
        pipeline::result(self.archive, &self.key, self.progress)
    }
}

/// Reads the rest of the archive where what came out is no zip: a damaged one is named as such,
/// whatever key was tried on it.
fn prefer_damage<T>(
    result: &mut ChunkReader<Counted<'_>>,
    outcome: Result<T, RunError>,
) -> Result<T, RunError> {
    if matches!(outcome, Err(DecryptError::CannotDecrypt)) {
        result.drain()?;
    }
    outcome
}

/// An error of a body or an opener stands for another one.
impl<E: std::error::Error> From<io::Error> for DecryptError<E> {
    fn from(error: io::Error) -> Self {
        Self::from_read(error)
    }
}
