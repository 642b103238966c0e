use std::collections::HashSet;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::durable;
use super::error::RunError;
use super::handing_on::handing_on;
use super::made_folder::MadeFolder;
use super::output::OutputError;
use super::pool::Tell;
use super::publication::Publication;
use crate::archive::result_zip::{EntryName, Extraction, Member, MemberData};
use crate::envelope::{Ahead, Chunks, ReadChunks};
use crate::file::WriteBehind;
use crate::file::dir::Dir;
use crate::file::temporary::{Temporaries, TemporaryDir};

/// Bytes of a file that is worth more than one thread.
pub(super) const LARGE: u64 = 4 * 1024 * 1024;

/// Bytes that a path has at most where it is opened.
const LONGEST_PATH: usize = 4095;

const TOO_LONG: &str = "has a name that is too long for this file system";

/// Extracted files that wait, inside their final folder, for the end of all checks.
pub(super) struct TemporaryFolder {
    // Dropped before the folder that it is in.
    staging: TemporaryDir,
    folder: MadeFolder,
    path: PathBuf,
    temporaries: Temporaries,
    /// Files that were extracted, relative to the folder, in order.
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl TemporaryFolder {
    /// Makes the folder at `path`, or, where there is a folder `within` which it is to be made, one of its name there.
    pub(super) fn create(
        path: &Path,
        within: Option<&Arc<Dir>>,
        temporaries: &Temporaries,
    ) -> Result<Self, OutputError> {
        let fail = |error| OutputError::io(path, error);
        let folder = match (within, path.file_name()) {
            (Some(within), Some(name)) => MadeFolder::create_in(within, name, temporaries),
            _ => MadeFolder::create(path, temporaries),
        };
        let folder = folder.map_err(fail)?;
        let staging = temporaries.folder(path, folder.dir()).map_err(fail)?;
        Ok(Self {
            staging,
            folder,
            path: path.to_owned(),
            temporaries: temporaries.clone(),
            files: Vec::new(),
            folders: Vec::new(),
        })
    }

    /// The folder itself.
    pub(super) fn dir(&self) -> Arc<Dir> {
        Arc::clone(self.folder.dir())
    }

    /// The folder in which files wait.
    pub(super) fn waiting(&self) -> Arc<Dir> {
        self.staging.dir()
    }

    /// Makes the waiting place ready for `extraction`: its folders. Returns the files, with the path of each.
    ///
    /// # Errors
    /// When this file system does not take them.
    pub(super) fn prepare<'c>(
        &mut self,
        extraction: Extraction<'c>,
    ) -> Result<Vec<(Member<'c>, PathBuf)>, RunError> {
        self.folders = extraction.folders;
        self.check_lengths(&extraction.files)?;
        let files = extraction.files.iter();
        self.files = files.map(|(_, relative)| relative.clone()).collect();
        let mut made = HashSet::from([Path::new("")]);
        let above = self.files.iter().filter_map(|file| file.parent());
        for folder in self.folders.iter().map(PathBuf::as_path).chain(above) {
            let missing = folder.ancestors().take_while(|it| !made.contains(it));
            let missing: Vec<&Path> = missing.collect();
            for it in missing.into_iter().rev() {
                self.make(it)?;
                made.insert(it);
            }
        }
        Ok(extraction.files)
    }

    /// Refuses what could be made here, and opened under its whole name by nobody.
    fn check_lengths(&self, files: &[(Member<'_>, PathBuf)]) -> Result<(), RunError> {
        let whole = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let room = LONGEST_PATH.saturating_sub(whole.as_os_str().len() + 1);
        match files.iter().find(|(_, it)| it.as_os_str().len() > room) {
            Some((member, _)) => Err(member.name().refused(TOO_LONG).into()),
            None => Ok(()),
        }
    }

    fn make(&self, relative: &Path) -> Result<(), RunError> {
        let waiting = self.staging.dir();
        let made = match waiting.make(relative) {
            // Where the file system takes two names for the same.
            Ok(false) => waiting.below(relative).map(drop),
            made => made.map(drop),
        };
        let name = EntryName(relative.as_os_str().as_bytes());
        made.map_err(|error| in_the_way(&name, &self.path.join(relative), error))
    }

    /// Leaves the folder there, even empty.
    pub(super) fn keep(self) {
        self.folder.keep();
    }

    /// Moves every file to its place, after all of them are known to fit and, where `sync` is
    /// wanted, are on the disk.
    pub(super) fn publish(
        &self,
        replace: &dyn Fn(&Path) -> bool,
        sync: bool,
    ) -> Result<(), OutputError> {
        let waiting = self.staging.dir();
        let fail = |error| OutputError::io(&self.path, error);
        let publication = Publication {
            waiting: &waiting,
            to: self.folder.dir(),
            path: &self.path,
            files: &self.files,
            folders: &self.folders,
        };
        let replaced = publication.check(replace)?;
        if sync {
            durable::sync_files(&waiting, &self.files).map_err(fail)?;
        }
        // The next run would not know what may be replaced.
        if replaced.is_empty() {
            self.staging.note_complete().map_err(fail)?;
        }
        self.temporaries
            .publishing(|| publication.publish(&replaced))?;
        if sync {
            durable::sync_names(&self.folder, &self.files, &self.folders).map_err(fail)?;
        }
        Ok(())
    }
}

/// The place where files wait.
pub(super) struct Waiting<'a> {
    pub(super) dir: &'a Dir,
    /// The folder that they go to, for messages.
    pub(super) path: &'a Path,
    /// Whether they go to the disk at once.
    pub(super) sync: bool,
}

/// Writes one file to where it waits.
pub(super) fn write(
    member: &Member<'_>,
    relative: &Path,
    waiting: &Waiting<'_>,
    tell: Tell<'_>,
) -> Result<(), RunError> {
    let path = waiting.path.join(relative);
    let created = waiting.dir.create(relative);
    let file = created.map_err(|error| in_the_way(&member.name(), &path, error))?;
    pour(
        member,
        &mut WriteBehind::new(&file, waiting.sync),
        &path,
        tell,
    )
}

/// Reads one file to its end, and keeps nothing.
pub(super) fn check(member: &Member<'_>, tell: Tell<'_>) -> Result<(), RunError> {
    pour(member, &mut io::sink(), Path::new(""), tell)
}

/// Reads one file to its end, where its CRC is checked, and writes it to `to`; `path` is for messages.
pub(super) fn pour(
    member: &Member<'_>,
    to: &mut impl Write,
    path: &Path,
    tell: Tell<'_>,
) -> Result<(), RunError> {
    let (data, size) = (member.open()?, member.size());
    let pouring = Pouring { to, path, tell };
    match size > LARGE {
        true => pouring.large(data, size),
        false => pouring.all(&mut ReadChunks::of(data, size), |written| written),
    }
}

/// A file on its way.
struct Pouring<'a, W> {
    to: &'a mut W,
    path: &'a Path,
    tell: Tell<'a>,
}

impl<W: Write> Pouring<'_, W> {
    /// Does so by two threads: one of them reads, or, where somebody watches, which takes longest, shows what was written.
    fn large(self, mut data: MemberData, size: u64) -> Result<(), RunError> {
        let watcher = data.take_watcher();
        let mut chunks = ReadChunks::of(data, size);
        let Some(mut watcher) = watcher else {
            return self.all(&mut Ahead::start(chunks), |written| written);
        };
        thread::scope(|scope| {
            let (giver, mut given) = handing_on();
            let watching = scope.spawn(move || {
                let mut chunk = given.next_chunk(Vec::new())?;
                while !chunk.is_empty() {
                    watcher.see(&chunk);
                    chunk = given.next_chunk(chunk)?;
                }
                Ok::<_, io::Error>(watcher)
            });
            let done = self.all(&mut chunks, |written| giver.give(written));
            drop(giver);
            let watcher = watching.join().unwrap_or_else(|panic| resume_unwind(panic));
            done?;
            watcher?.end();
            Ok(())
        })
    }

    /// Writes all chunks. `used` has what was written, for the buffer of the next.
    fn all(
        self,
        chunks: &mut impl Chunks,
        used: impl Fn(Vec<u8>) -> Vec<u8>,
    ) -> Result<(), RunError> {
        let mut chunk = Vec::new();
        loop {
            chunk = chunks.next_chunk(chunk)?;
            if chunk.is_empty() {
                return Ok(());
            }
            self.to
                .write_all(&chunk)
                .map_err(|error| OutputError::io(self.path, error))?;
            (self.tell)(chunk.len() as u64);
            chunk = used(chunk);
        }
    }
}

/// Turns an error on making a file or folder into its meaning. The waiting place was empty: a thing
/// in the way came from this same result.
fn in_the_way(name: &EntryName<'_>, path: &Path, error: io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory => name
            .refused("is there twice, or both as a file and as a folder")
            .into(),
        io::ErrorKind::InvalidFilename => name.refused(TOO_LONG).into(),
        _ => OutputError::io(path, error).into(),
    }
}
