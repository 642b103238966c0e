use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::made_folder::{MadeFolder, make_folders};
use super::{OutputError, RunError};
use crate::archive::Limits;
use crate::archive::inner::{EntryName, InnerError, InnerSummary, Visitor, walk};
use crate::pending::{self, PendingDir};

/// Checks a result as it streams by, and keeps nothing.
pub(super) fn check(result: &mut impl BufRead, limits: &Limits) -> Result<InnerSummary, RunError> {
    struct Nothing;
    impl Visitor for Nothing {
        fn entry(&mut self, _: EntryName<'_>, _: &mut dyn Read) -> Result<(), InnerError> {
            Ok(())
        }
        // Harmless in a zip that is handed on as it is.
        fn symlink(&mut self, _: EntryName<'_>) -> Result<(), InnerError> {
            Ok(())
        }
    }
    Ok(walk(result, limits, &mut Nothing)?)
}

/// Extracted files that wait, inside their final folder, for the end of all checks.
pub(super) struct PendingFolder {
    // Dropped before the folder that it is in.
    staging: PendingDir,
    folder: MadeFolder,
    path: PathBuf,
    /// What was extracted, relative to the folder, in order.
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl PendingFolder {
    pub(super) fn create(path: &Path) -> Result<Self, OutputError> {
        let fail = |error| OutputError::io(path, error);
        let folder = MadeFolder::create(path).map_err(fail)?;
        let staging = PendingDir::create(path).map_err(fail)?;
        Ok(Self {
            staging,
            folder,
            path: path.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
        })
    }

    /// Extracts the whole of `result` to the waiting place.
    pub(super) fn extract(
        &mut self,
        result: &mut impl BufRead,
        limits: &Limits,
    ) -> Result<InnerSummary, RunError> {
        let mut writer = Writer {
            staging: self.staging.path(),
            files: Vec::new(),
            folders: Vec::new(),
        };
        let summary = walk(result, limits, &mut writer)?;
        (self.files, self.folders) = (writer.files, writer.folders);
        Ok(summary)
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
        let left = pending::lock();
        for relative in &self.folders {
            make_folders(&target.join(relative)).map_err(fail)?;
        }
        for relative in &self.files {
            let path = target.join(relative);
            make_folders(pending::folder_of(&path)).map_err(fail)?;
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

/// Writes entries below the waiting place.
struct Writer<'a> {
    staging: &'a Path,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Visitor for Writer<'_> {
    fn entry(&mut self, name: EntryName<'_>, data: &mut dyn Read) -> Result<(), InnerError> {
        let relative = name.safe_path()?;
        let path = self.staging.join(&relative);
        if name.is_folder() {
            make_folders(&path).map_err(|error| in_the_way(&name, &path, error))?;
            self.folders.push(relative);
        } else {
            let mut file = make_folders(pending::folder_of(&path))
                .and_then(|()| create(&path))
                .map_err(|error| in_the_way(&name, &path, error))?;
            copy(data, &mut file, &path)?;
            self.files.push(relative);
        }
        Ok(())
    }
}

/// What an error on making a file or folder means. The waiting place was empty: what is in the
/// way came from this same result.
fn in_the_way(name: &EntryName<'_>, path: &Path, error: io::Error) -> InnerError {
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            name.refused("is there twice, or both as a file and as a folder")
        }
        _ => InnerError::Io(OutputError::io(path, error).into()),
    }
}

fn copy(data: &mut dyn Read, file: &mut File, path: &Path) -> Result<(), InnerError> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = data.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        file.write_all(&buffer[..count])
            .map_err(|error| InnerError::Io(OutputError::io(path, error).into()))?;
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
