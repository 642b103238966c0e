//! Temporary files and folders beside their final place. They go away when dropped, when
//! [`discard_pending`] is called before the process ends by a signal, and, after a kill, when the
//! next one is made in the same folder: a lock tells those whose process is gone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile, TempDir};

use super::OutputError;

const PREFIX: &str = ".iexec-hsm-";
const SUFFIX: &str = ".part";

/// What would be left behind if the process ended now. Held while something is published, so
/// that it is not removed half-way.
static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary file and folder of this process. For signal handling threads: the
/// process must end after it, because nothing can be written or published any more.
pub fn discard_pending() {
    let left = lock();
    for path in left.iter() {
        // Nothing can be told or done any more; the next run removes what stays.
        let _ = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
    std::mem::forget(left);
}

pub(super) fn lock() -> MutexGuard<'static, Vec<PathBuf>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets `path`, which was published or removed.
fn forget(path: &Path) {
    lock().retain(|it| it != path);
}

/// A file beside its final name.
pub(crate) struct PendingFile {
    temp: Option<NamedTempFile>,
    path: PathBuf,
}

impl PendingFile {
    /// Makes one beside `target`, mode 0600.
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        let folder = folder_of(target);
        sweep(folder);
        loop {
            let mut left = lock();
            let temp = Builder::new()
                .prefix(PREFIX)
                .suffix(SUFFIX)
                .tempfile_in(folder)?;
            if is_ours(temp.as_file())? {
                let path = temp.path().to_owned();
                left.push(path.clone());
                return Ok(Self {
                    temp: Some(temp),
                    path,
                });
            }
        }
    }

    /// Where it is until it is published.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&mut self) -> &mut File {
        // `temp` is taken only by `publish` and `drop`, which end the value.
        #[allow(clippy::expect_used)]
        self.temp
            .as_mut()
            .expect("present until published")
            .as_file_mut()
    }

    /// Makes the content durable and gives it its final name; `force` replaces what is there.
    pub(crate) fn publish(mut self, target: &Path, force: bool) -> Result<(), OutputError> {
        let Some(temp) = self.temp.take() else {
            return Ok(());
        };
        let fail = |error| OutputError::io(target, error);
        temp.as_file().sync_all().map_err(fail)?;
        let left = lock();
        if force {
            temp.persist(target).map_err(|failed| fail(failed.error))?;
        } else {
            temp.persist_noclobber(target)
                .map_err(|failed| match failed.error.kind() {
                    io::ErrorKind::AlreadyExists => OutputError::Exists(target.to_owned()),
                    _ => fail(failed.error),
                })?;
        }
        drop(left);
        sync_folder(folder_of(target)).map_err(fail)
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        drop(self.temp.take());
        forget(&self.path);
    }
}

/// A folder in which files wait for their final place.
pub(super) struct PendingDir {
    temp: Option<TempDir>,
    /// Its lock, which tells other processes that it is in use.
    _handle: File,
    path: PathBuf,
}

impl PendingDir {
    /// Makes one in `folder`, mode 0700.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        sweep(folder);
        loop {
            let mut left = lock();
            let temp = Builder::new()
                .prefix(PREFIX)
                .suffix(SUFFIX)
                .tempdir_in(folder)?;
            let handle = File::open(temp.path())?;
            if is_ours(&handle)? {
                let path = temp.path().to_owned();
                left.push(path.clone());
                return Ok(Self {
                    temp: Some(temp),
                    _handle: handle,
                    path,
                });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PendingDir {
    fn drop(&mut self) {
        drop(self.temp.take());
        forget(&self.path);
    }
}

/// Locks a new temporary; `false` when another process took it for a stray one in between.
fn is_ours(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        // Where the file system has no locks, nothing sweeps either.
        Err(fs::TryLockError::Error(_)) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Ok(()) => Ok(file.metadata()?.nlink() > 0),
    }
}

/// Removes the temporaries in `folder` that no process holds any more.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            continue;
        }
        let path = entry.path();
        // The lock is held until the file is gone, so that its maker sees what happened.
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let is_dir = file.metadata().is_ok_and(|it| it.is_dir());
            // One that cannot be removed is left to the next run.
            let _ = if is_dir {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
        }
    }
}

/// The folder that `path` is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
