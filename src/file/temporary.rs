//! Temporary files and folders beside their final place. They go away when dropped, when
//! [`Temporaries::discard`] is called before the process ends by a signal, and, after a kill, when the
//! next process makes one in the same folder: a lock tells those whose process is gone.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile, TempDir};

const PREFIX: &str = ".iexec-hsm-";
const SUFFIX: &str = ".part";

/// The temporary files and folders of a program: those that would be left behind if it ended now. A
/// clone is another handle of the same ones, for a thread that handles signals.
#[derive(Debug, Clone, Default)]
pub struct Temporaries(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    /// The paths to remove at the end; locked while one of them is published.
    left: Mutex<Vec<PathBuf>>,
    /// The folders that were searched for temporaries that nobody uses any more.
    swept: Mutex<BTreeSet<PathBuf>>,
}

impl Temporaries {
    /// Removes them all. For signal handling threads: the process must end after it, because
    /// nothing can be written or published any more.
    pub fn discard(&self) {
        let left = self.lock();
        // What was made last is inside of what was made before.
        for path in left.iter().rev() {
            if is_temporary(path) {
                remove(path);
            } else {
                // A folder made for results: it goes only when it is empty.
                let _ = fs::remove_dir(path);
            }
        }
        std::mem::forget(left);
    }

    /// Makes a file beside `target`, mode 0600.
    pub(crate) fn file(&self, target: &Path) -> io::Result<TemporaryFile> {
        if is_temporary(target) {
            let kept_from = "this is how temporary files are named, which the next run removes";
            return Err(io::Error::new(io::ErrorKind::InvalidFilename, kept_from));
        }
        let folder = folder_of(target);
        let (temp, entry) = self.make(folder, |builder| builder.tempfile_in(folder))?;
        Ok(TemporaryFile { temp, entry })
    }

    /// Makes a folder in `folder`, mode 0700.
    pub(crate) fn folder(&self, folder: &Path) -> io::Result<TemporaryDir> {
        let private = Permissions::from_mode(0o700);
        let (temp, entry) = self.make(folder, |builder| {
            builder.permissions(private.clone()).tempdir_in(folder)
        })?;
        Ok(TemporaryDir { _temp: temp, entry })
    }

    /// Makes a temporary in `folder`, after those that nobody uses any more are removed.
    fn make<T: AsRef<Path>>(
        &self,
        folder: &Path,
        make: impl Fn(&mut Builder<'_, '_>) -> io::Result<T>,
    ) -> io::Result<(T, Entry)> {
        self.sweep(folder);
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        loop {
            let mut left = self.lock();
            let temp = make(&mut builder)?;
            if let Some(lock) = locked(temp.as_ref())? {
                let path = temp.as_ref().to_owned();
                left.push(path.clone());
                let entry = Entry {
                    path,
                    temporaries: self.clone(),
                    _lock: lock,
                };
                return Ok((temp, entry));
            }
        }
    }

    /// Removes the temporaries in `folder` that no process holds any more; it need not be there. Once
    /// for each folder: for thousands of results in one folder it would take longer than to write them.
    pub fn sweep(&self, folder: &Path) {
        let mut swept = (self.0.swept.lock()).unwrap_or_else(PoisonError::into_inner);
        if swept.insert(folder.to_owned()) {
            drop(swept);
            remove_strays(folder);
        }
    }

    /// Adds a folder that was made for results and goes with the temporaries, if it is empty.
    pub(crate) fn note(&self, path: &Path) {
        self.lock().push(path.to_owned());
    }

    /// Takes `path` off what would be left behind.
    pub(crate) fn forget(&self, path: &Path) {
        self.lock().retain(|it| it != path);
    }

    /// Keeps [`Self::discard`] waiting until the guard is dropped.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file beside its final name.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    // Dropped, and so removed, before its entry.
    temp: NamedTempFile,
    entry: Entry,
}

impl TemporaryFile {
    /// The path until it is published.
    pub(crate) fn path(&self) -> &Path {
        &self.entry.path
    }

    pub(crate) fn file(&mut self) -> &mut File {
        self.temp.as_file_mut()
    }

    /// Makes the content durable and gives it its final name; `force` replaces what is there.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something is there that is not to be replaced.
    pub(crate) fn publish(self, target: &Path, force: bool) -> io::Result<()> {
        self.temp.as_file().sync_all()?;
        self.publish_unsynced(target, force)?;
        sync_folder(folder_of(target))
    }

    /// Gives it its final name, and leaves it to the system when it is on the disk.
    ///
    /// # Errors
    /// As for [`Self::publish`].
    pub(crate) fn publish_unsynced(self, target: &Path, force: bool) -> io::Result<()> {
        let Self { temp, entry } = self;
        let left = entry.temporaries.lock();
        let published = if force {
            temp.persist(target)
        } else {
            temp.persist_noclobber(target)
        };
        drop(left);
        drop(entry);
        published.map(drop).map_err(|failed| failed.error)
    }
}

/// A folder in which files wait for their final place.
pub(crate) struct TemporaryDir {
    // Dropped, and so removed, before its entry.
    _temp: TempDir,
    entry: Entry,
}

impl TemporaryDir {
    pub(crate) fn path(&self) -> &Path {
        &self.entry.path
    }
}

/// A temporary among those that would be left behind. Dropped after it was published or removed.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    temporaries: Temporaries,
    /// Tells other processes that it is in use.
    _lock: File,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.temporaries.forget(&self.path);
    }
}

/// Locks a new temporary; `None` when another process took it for a stray one in between.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let ours = match file.try_lock() {
        // Where the file system has no locks, nothing sweeps either.
        Err(fs::TryLockError::Error(_)) => true,
        Err(fs::TryLockError::WouldBlock) => false,
        Ok(()) => file.metadata()?.nlink() > 0,
    };
    Ok(ours.then_some(file))
}

/// Removes the temporaries in `folder` that no process holds any more.
fn remove_strays(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if !is_temporary(&path) || !may_be_ours(&entry) {
            continue;
        }
        // The lock is held until the file is gone, so that its maker sees what happened.
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            remove(&path);
        }
    }
}

/// Whether an entry is of a kind that is made here, by this user: another one's pipe of that name
/// would hold up whoever opens it.
fn may_be_ours(entry: &fs::DirEntry) -> bool {
    entry.metadata().is_ok_and(|found| {
        (found.is_file() || found.is_dir()) && found.uid() == rustix::process::geteuid().as_raw()
    })
}

/// Whether a file of this name would be taken for a temporary one, and removed.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Removes a temporary. Nothing can be done about one that stays; the next run tries again.
fn remove(path: &Path) {
    let _ = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
}

/// The folder that `path` is in, which is the working directory for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename in `folder` survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
