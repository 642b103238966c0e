//! The steps from an archive with its content key to a checked result in its place.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::confined;
use super::error::{DecryptError, RunError};
use super::file;
use super::folder::{TemporaryFolder, Waiting, pour};
use super::handing_on::handing_on;
use super::in_place::{ResultInPlace, check_all};
use super::output::OutputError;
use super::pipeline::{self, Counted};
use super::prepare::{Opened, Spool};
use super::tasks::{Share, Task};
use super::types::{Options, Progress, Target};
use crate::archive::Archive;
use crate::archive::result_zip::{Contents, Extraction, Member, Passed};
use crate::envelope::{ChunkReader, ContentKey};
use crate::file::{ReadAt, WriteBehind};

/// One archive with its content key.
pub(super) struct Run<'a> {
    pub(super) archive: &'a Archive,
    pub(super) key: Arc<ContentKey>,
    pub(super) options: &'a Options,
    pub(super) progress: Progress<'a>,
}

impl Run<'_> {
    /// Returns the bytes and the entries of the result.
    pub(super) fn to(&self, target: Target<'_>) -> Result<(u64, u64), RunError> {
        match target {
            Target::File { path, force } => self.to_file(path, force),
            Target::Folder {
                path,
                only,
                replace,
            } => self.to_folder(path, &bytes_of(only), replace),
            Target::Stream(stream) => self.to_stream(stream),
            Target::Entry { name, path, force } => self.entry_to_file(name.as_bytes(), path, force),
            Target::EntryStream(name, stream) => self.entry_to_stream(name.as_bytes(), stream),
            Target::Nowhere => {
                let (_, done) = self.check_whole()?;
                self.ask_watcher()?;
                Ok(done)
            }
        }
    }

    fn to_file(&self, path: &Path, force: bool) -> Result<(u64, u64), RunError> {
        let fail = |error| OutputError::io(path, error);
        let mut temporary = self.options.temporaries.file(path).map_err(fail)?;
        let file = WriteBehind::new(temporary.file(), self.durable());
        let (bytes, passed) = self.pour((&file, path))?;
        let file = temporary.file().try_clone().map_err(fail)?;
        let entries = self.check_file(file, passed)?;
        self.ask_watcher()?;
        if self.durable() {
            temporary.publish(force).map_err(fail)?;
        } else {
            temporary.publish_unsynced(force).map_err(fail)?;
        }
        Ok((bytes, entries))
    }

    /// Writes the result to a file; returns its bytes. Who watches sees the files in it on a thread of its own.
    fn pour(&self, to: (&WriteBehind<'_>, &Path)) -> Result<(u64, Passed), RunError> {
        let body = pipeline::encrypted_once(self.archive, &self.key);
        let threads = pipeline::threads(self.archive.body_len());
        let Some(watcher) = &self.options.watcher else {
            let bytes = file::pour(body, to, threads, None, self.progress)?;
            return Ok((bytes, Passed::default()));
        };
        let limits = &self.options.limits;
        thread::scope(|scope| {
            let (giver, given) = handing_on();
            let zip = ChunkReader::new(given);
            let watching = scope.spawn(move || Passed::watch(zip, &**watcher, limits));
            let poured = file::pour(body, to, threads, Some(&giver), self.progress);
            drop(giver);
            let passed = watching.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok((poured?, passed))
        })
    }

    /// Checks a finished result before it gets its name, and returns its number of entries.
    fn check_file(&self, file: File, passed: Passed) -> Result<u64, RunError> {
        let syncing = file.try_clone().ok().filter(|_| self.durable());
        let len = file.len()?;
        let contents = self.contents(Arc::new(file))?;
        contents.note_passed(passed);
        let reads = self.options.verify || contents.entries().any(|it| it.is_watched());
        thread::scope(|scope| {
            if let Some(file) = syncing.filter(|_| reads) {
                // The files are read while the disk works. Whether the sync is done, the next one tells.
                let _ = thread::Builder::new().spawn_scoped(scope, move || file.sync_data());
            }
            match self.options.verify {
                true => {
                    let progress = Share::of(len, contents.summary().size, self.progress);
                    check_all(&contents, &|bytes| progress.tell(bytes))
                }
                false => Ok(contents.read_watched(&|_| {})?),
            }
        })?;
        Ok(contents.summary().entries)
    }

    fn contents(&self, result: Arc<dyn ReadAt>) -> Result<Contents, RunError> {
        let contents = Contents::read(result, &self.options.limits)?;
        Ok(contents.watched_by(self.options.watcher.as_ref())?)
    }

    /// Requires that who watched lets the result be released.
    fn ask_watcher(&self) -> Result<(), RunError> {
        match &self.options.watcher {
            Some(watcher) if !watcher.releases() => Err(DecryptError::Withheld),
            _ => Ok(()),
        }
    }

    fn to_folder(
        &self,
        path: &Path,
        only: &[&[u8]],
        replace: &dyn Fn(&Path) -> bool,
    ) -> Result<(u64, u64), RunError> {
        let within = self.options.within.as_ref();
        let mut folder = TemporaryFolder::create(path, within, &self.options.temporaries)?;
        let dir = folder.dir();
        let may_release = || self.ask_watcher().is_ok();
        let Self {
            archive, options, ..
        } = *self;
        let key = Arc::clone(&self.key);
        let unpacked = confined::below(&dir, self.progress, replace, &may_release, |outside| {
            let run = Run {
                archive,
                key,
                options,
                progress: &|bytes| outside.tell(bytes),
            };
            let unpacked = run.unpack(&mut folder, (path, only))?;
            if !outside.may_release() {
                return Err(DecryptError::Withheld);
            }
            folder.publish(&|path| outside.may_replace(path), run.durable())?;
            Ok::<_, RunError>(unpacked)
        })?;
        folder.keep();
        Ok(unpacked)
    }

    /// Writes the files to where they wait.
    fn unpack(
        &self,
        folder: &mut TemporaryFolder,
        (path, only): (&Path, &[&[u8]]),
    ) -> Result<(u64, u64), RunError> {
        let dir = folder.waiting();
        let (_, done) = self.check(
            Spool::In(Arc::clone(&dir), path.to_owned()),
            only.is_empty(),
            |result| {
                let extraction = match only {
                    [] => result.contents.extraction()?,
                    names => Extraction::of(result.contents.pick(names)?)?,
                };
                let files = folder.prepare(extraction)?;
                let waiting = Waiting {
                    dir: &dir,
                    path,
                    sync: self.durable(),
                };
                let write = |(member, path)| match only {
                    [] => Task::Write(Member::once(member), path, &waiting),
                    // It is read anew with all others, which are checked then.
                    _ => Task::Write(member, path, &waiting),
                };
                let tasks: Vec<_> = files.into_iter().map(write).collect();
                let size = tasks.iter().map(Task::size).sum();
                result.run(&tasks, size)?;
                Ok((size, result.contents.summary().entries))
            },
        )?;
        Ok(done)
    }

    fn to_stream(&self, stream: &mut dyn Write) -> Result<(u64, u64), RunError> {
        let (opened, (_, entries)) = self.check_whole()?;
        self.ask_watcher()?;
        let bytes = opened.stream(stream, self.progress)?;
        Ok((bytes, entries))
    }

    /// Reads all of it to its end. Returns the bytes and the entries of the result, too.
    fn check_whole(&self) -> Result<(Opened, (u64, u64)), RunError> {
        self.check(Spool::Anywhere, true, |result| {
            let size = result.contents.summary().size;
            let progress = result.progress(size);
            check_all(&result.contents, &|bytes| progress.tell(bytes))?;
            Ok((size, result.contents.summary().entries))
        })
    }

    fn entry_to_file(&self, name: &[u8], path: &Path, force: bool) -> Result<(u64, u64), RunError> {
        let fail = |error| OutputError::io(path, error);
        let mut temporary = self.options.temporaries.file(path).map_err(fail)?;
        let dir = temporary.folder();
        let (_, done) = self.check(
            Spool::In(Arc::clone(&dir), path.to_owned()),
            false,
            |result| {
                let file = WriteBehind::new(temporary.file(), self.durable());
                let member = result.only(name)?;
                let progress = result.progress(member.size());
                pour(&member, &mut { file }, path, &|bytes| progress.tell(bytes))?;
                Ok((member.size(), result.contents.summary().entries))
            },
        )?;
        self.ask_watcher()?;
        if self.durable() {
            temporary.publish(force).map_err(fail)?;
        } else {
            temporary.publish_unsynced(force).map_err(fail)?;
        }
        Ok(done)
    }

    fn entry_to_stream(
        &self,
        name: &[u8],
        mut stream: &mut dyn Write,
    ) -> Result<(u64, u64), RunError> {
        let (opened, ()) = self.check(Spool::Anywhere, false, |result| {
            let member = result.only(name)?;
            result.run(&[Task::Check(member)], member.size())
        })?;
        self.ask_watcher()?;
        let contents = Contents::read(opened.result.clone(), &self.options.limits)?;
        let dash = Path::new("-");
        let mut size = 0;
        for member in contents.pick(&[name])? {
            pour(&member, &mut stream, dash, &|_| {})?;
            size += member.size();
        }
        let flushed = stream.flush();
        flushed.map_err(|error| OutputError::io(dash, error))?;
        Ok((size, contents.summary().entries))
    }

    /// Opens the result where it is and has `work` check what it takes of it; all else in it, too, where
    /// that is wanted. With `whole`, the archive's own CRC is checked as well. What has to wait on a disk,
    /// still encrypted, does so in `spool`.
    fn check<T>(
        &self,
        spool: Spool,
        whole: bool,
        work: impl FnOnce(&ResultInPlace<'_>) -> Result<T, RunError>,
    ) -> Result<(Opened, T), RunError> {
        let opened = Opened::new(self.archive, &self.key, &spool)
            .map_err(|error| self.fail_late(error, None))?;
        match self.check_opened(&opened, whole, work) {
            Ok(done) => Ok((opened, done)),
            Err(error) => Err(self.fail_late(error, Some(&opened))),
        }
    }

    fn check_opened<T>(
        &self,
        opened: &Opened,
        whole: bool,
        work: impl FnOnce(&ResultInPlace<'_>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let result = ResultInPlace {
            contents: self.contents(opened.result.clone())?,
            len: opened.result.len()?,
            progress: self.progress,
        };
        let done = work(&result)?;
        match whole {
            true => {}
            false if self.options.verify => {
                let progress = result.progress(result.contents.summary().size);
                check_all(&result.contents, &|bytes| progress.tell(bytes))?;
            }
            false => result.contents.read_watched(&|_| {})?,
        }
        if whole || self.options.verify {
            opened.finish()?;
        }
        Ok(done)
    }

    /// The failure after as much work as where no key fits; and a damaged archive is named as such, whatever key was
    /// tried on it.
    fn fail_late(&self, error: RunError, opened: Option<&Opened>) -> RunError {
        if !matches!(error, DecryptError::CannotDecrypt) {
            return error;
        }
        let read = match opened {
            // It cannot be read anew.
            Some(opened) if opened.gave_back() => opened.finish(),
            _ => self.result().drain().map(drop),
        };
        read.map_or_else(RunError::from, |()| error)
    }

    fn durable(&self) -> bool {
        !self.options.no_sync
    }

    fn result(&self) -> ChunkReader<Counted<'_>> {
        pipeline::result(self.archive, &self.key, self.progress)
    }
}

fn bytes_of(names: &[OsString]) -> Vec<&[u8]> {
    names.iter().map(|name| name.as_bytes()).collect()
}
