//! The steps from an archive with its content key to a checked result in its place.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::error::{DecryptError, RunError};
use super::file;
use super::folder::TemporaryFolder;
use super::output::OutputError;
use super::pipeline::{self, Counted};
use super::prepare::{Opened, Search};
use super::tasks::{self, Share, Task};
use super::types::{Options, Progress, Target};
use crate::archive::Archive;
use crate::archive::result_zip::{Contents, ResultSummary};
use crate::envelope::{ChunkReader, ContentKey};
use crate::file::{ReadAt as _, WriteBehind};

/// One archive with its content key.
pub(super) struct Run<'a> {
    pub(super) archive: &'a Archive,
    pub(super) key: Arc<ContentKey>,
    pub(super) options: &'a Options,
    pub(super) progress: Progress<'a>,
}

impl Run<'_> {
    /// Returns the bytes and the entries of the result.
    pub(super) fn to(&self, target: Target<'_>, search: Search) -> Result<(u64, u64), RunError> {
        match target {
            Target::File { path, force } => self.to_file(path, force),
            Target::Folder { path, replace } => self.to_folder(path, replace, search),
            Target::Stream(stream) => self.to_stream(stream, search),
        }
    }

    fn to_file(&self, path: &Path, force: bool) -> Result<(u64, u64), RunError> {
        let fail = |error| OutputError::io(path, error);
        let mut temporary = self.options.temporaries.file(path).map_err(fail)?;
        let file = WriteBehind::new(temporary.file(), self.durable());
        let body = pipeline::encrypted(self.archive, &self.key);
        let threads = pipeline::threads(self.archive.body_len());
        let bytes = file::pour(body, (&file, path), threads, self.progress)?;
        let file = temporary.file().try_clone().map_err(fail)?;
        let entries = self.check_file(file)?;
        if self.durable() {
            temporary.publish(path, force).map_err(fail)?;
        } else {
            temporary.publish_unsynced(path, force).map_err(fail)?;
        }
        Ok((bytes, entries))
    }

    /// Checks a finished result before it gets its name, and returns its number of entries.
    fn check_file(&self, file: File) -> Result<u64, RunError> {
        let contents = Contents::read(Arc::new(file), &self.options.limits)?;
        if self.options.verify {
            contents.check_readable()?;
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
        let mut folder = TemporaryFolder::create(path, &self.options.temporaries)?;
        let waiting = folder.waiting().to_owned();
        let (_, summary) = self.check(search, &waiting, |contents| {
            let write = |(member, path)| Task::Write(member, path, self.durable());
            let files = folder.prepare(contents.extraction()?)?;
            Ok(files.into_iter().map(write).collect())
        })?;
        folder.publish(replace, self.durable())?;
        Ok((summary.size, summary.entries))
    }

    fn to_stream(&self, stream: &mut dyn Write, search: Search) -> Result<(u64, u64), RunError> {
        let (opened, summary) = self.check(search, &std::env::temp_dir(), |contents| {
            contents.check_readable()?;
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
        // As much work as where no key fits; and a damaged archive is named as such, whatever key
        // was tried on it.
        if matches!(checked, Err(DecryptError::CannotDecrypt)) {
            self.result().drain()?;
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
