use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::made_folder::{MadeFolder, make_folders};
use super::output::OutputError;
use super::pool::Tell;
use crate::archive::result_zip::{EntryName, Extraction, Member};
use crate::envelope::{Ahead, Chunks, ReadChunks};
use crate::file::WriteBehind;
use crate::file::temporary::{self, Temporaries, TemporaryDir};

/// Bytes of a file that is worth more than one thread.
pub(super) const LARGE: u64 = 4 * 1024 * 1024;

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
    pub(super) fn create(path: &Path, temporaries: &Temporaries) -> Result<Self, OutputError> {
        let fail = |error| OutputError::io(path, error);
        let folder = MadeFolder::create(path, temporaries).map_err(fail)?;
        let staging = temporaries.folder(path).map_err(fail)?;
        Ok(Self {
            staging,
            folder,
            path: path.to_owned(),
            temporaries: temporaries.clone(),
            files: Vec::new(),
            folders: Vec::new(),
        })
    }

    /// Returns the folder in which files wait.
    pub(super) fn waiting(&self) -> &Path {
        self.staging.path()
    }

    /// Makes the waiting place ready for `extraction`: its folders, and a path for each file.
    ///
    /// # Errors
    /// When this file system does not take them.
    pub(super) fn prepare<'c>(
        &mut self,
        extraction: Extraction<'c>,
    ) -> Result<Vec<(Member<'c>, PathBuf)>, RunError> {
        for relative in &extraction.folders {
            self.make(relative)?;
        }
        let mut files = Vec::with_capacity(extraction.files.len());
        for (member, relative) in extraction.files {
            self.make(temporary::folder_of(&relative))?;
            files.push((member, self.waiting().join(&relative)));
            self.files.push(relative);
        }
        self.folders = extraction.folders;
        Ok(files)
    }

    fn make(&self, relative: &Path) -> Result<(), RunError> {
        let path = self.waiting().join(relative);
        let name = EntryName(relative.as_os_str().as_bytes());
        make_folders(&path).map_err(|error| in_the_way(&name, &path, error))
    }

    /// Moves every file to its place, after all of them are known to fit and, where `sync` is
    /// wanted, are on the disk.
    pub(super) fn publish(
        self,
        replace: &dyn Fn(&Path) -> bool,
        sync: bool,
    ) -> Result<(), OutputError> {
        let target = &self.path;
        let fail = |error| OutputError::io(target, error);
        for relative in &self.folders {
            fits(target, relative, true, replace)?;
        }
        for relative in &self.files {
            fits(target, relative, false, replace)?;
        }
        if sync {
            sync_all_of(self.staging.path()).map_err(fail)?;
        }
        let left = self.temporaries.lock();
        for relative in &self.folders {
            make_folders(&target.join(relative)).map_err(fail)?;
        }
        for relative in &self.files {
            let path = target.join(relative);
            make_folders(temporary::folder_of(&path)).map_err(fail)?;
            fs::rename(self.staging.path().join(relative), &path)
                .map_err(|error| OutputError::io(&path, error))?;
        }
        drop(left);
        if sync {
            sync_all_of(target).map_err(fail)?;
        }
        self.folder.keep();
        Ok(())
    }
}

/// Writes one file to where it waits.
pub(super) fn write(
    member: &Member<'_>,
    path: &Path,
    sync: bool,
    tell: Tell<'_>,
) -> Result<(), RunError> {
    let file = create(path).map_err(|error| in_the_way(&member.name(), path, error))?;
    pour(member, &mut WriteBehind::new(&file, sync), path, tell)
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
    let mut chunks = chunks(member)?;
    let mut chunk = Vec::new();
    loop {
        chunk = chunks.next_chunk(chunk)?;
        if chunk.is_empty() {
            return Ok(());
        }
        to.write_all(&chunk)
            .map_err(|error| OutputError::io(path, error))?;
        tell(chunk.len() as u64);
    }
}

/// The data of a file; of a large one read by a thread of its own.
fn chunks(member: &Member<'_>) -> Result<Box<dyn Chunks>, RunError> {
    let chunks = ReadChunks::of(member.open()?, member.size());
    Ok(if member.size() > LARGE {
        Box::new(Ahead::start(chunks))
    } else {
        Box::new(chunks)
    })
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
        io::ErrorKind::InvalidFilename => name
            .refused("has a name that is too long for this file system")
            .into(),
        _ => OutputError::io(path, error).into(),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Refuses the place of a file that is taken, and any that is reached through a link.
fn fits(
    folder: &Path,
    relative: &Path,
    is_folder: bool,
    replace: &dyn Fn(&Path) -> bool,
) -> Result<(), OutputError> {
    let mut path = folder.to_owned();
    let mut parts = relative.components().peekable();
    while let Some(part) = parts.next() {
        path.push(part);
        let Ok(found) = fs::symlink_metadata(&path) else {
            return Ok(());
        };
        let fits = match parts.peek() {
            Some(_) => found.is_dir(),
            None if is_folder => found.is_dir(),
            None => !found.is_dir() && replace(&path),
        };
        if !fits {
            return Err(OutputError::Exists(path));
        }
    }
    Ok(())
}

/// Brings the whole file system that `path` is on to the disk: one call for any number of files.
fn sync_all_of(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}
