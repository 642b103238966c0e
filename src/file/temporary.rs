//! Temporary files and folders beside their final place. They go away when dropped, when
//! [`Temporaries::discard`] is called before the process ends by a signal, and, after a kill, when the
//! next process makes one in the same folder: a lock tells those whose process is gone.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::dir::Dir;
use super::named::{self, folder_of};
use super::removal::{is_empty, is_ours, remove_strays, remove_tree};
use super::temporary_name::{self, COMPLETE, MARK, is_temporary};

/// Time for what is left to be removed, and for what is being published to be there whole. The rest is left to the
/// next process: nobody waits for long who has asked for an end.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// The temporary files and folders of a program: those that would be left behind if it ended now. A
/// clone is another handle of the same ones, for a thread that handles signals.
#[derive(Debug, Clone, Default)]
pub struct Temporaries(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    /// What is to be removed at the end; locked while one of them is published.
    left: Mutex<Vec<Arc<Left>>>,
    /// The folders that were searched for temporaries that nobody uses any more.
    swept: Mutex<BTreeSet<PathBuf>>,
}

/// What would be left behind: an entry of a folder.
#[derive(Debug)]
struct Left {
    what: What,
    folder: Arc<Dir>,
    name: OsString,
}

#[derive(Debug)]
enum What {
    File,
    /// A folder that is removed with all that is in it. By now, others may have given its name to another one.
    Tree(Arc<Dir>),
    /// A folder for results, which goes only when it is empty.
    Folder,
}

impl Left {
    /// Removes it. Nothing can be done about what stays; the next run tries again.
    fn remove(&self, until: Option<Instant>) {
        let _ = match &self.what {
            What::File => self.folder.remove_file(&self.name),
            What::Tree(dir) => remove_tree(&self.folder, &self.name, dir, until),
            What::Folder => self.folder.remove_folder(&self.name),
        };
    }
}

impl Temporaries {
    /// Removes them all, for a second or two at most. For signal handling threads: the process must end after it,
    /// because nothing can be written or published any more.
    pub fn discard(&self) {
        let until = Instant::now() + DISCARD_TIME;
        let Some(left) = self.locked_until(until) else {
            return;
        };
        // What was made last is inside of what was made before.
        for it in left.iter().rev() {
            it.remove(Some(until));
        }
        std::mem::forget(left);
    }

    fn locked_until(&self, until: Instant) -> Option<MutexGuard<'_, Vec<Arc<Left>>>> {
        loop {
            match self.0.left.try_lock() {
                Ok(left) => return Some(left),
                Err(std::sync::TryLockError::Poisoned(left)) => return Some(left.into_inner()),
                Err(std::sync::TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(std::sync::TryLockError::WouldBlock) => return None,
            }
        }
    }

    /// Makes a file beside `target`, mode 0600.
    pub(crate) fn file(&self, target: &Path) -> io::Result<TemporaryFile> {
        if is_temporary(target) {
            let kept_from = "this is how temporary files are named, which the next run removes";
            return Err(io::Error::new(ErrorKind::InvalidFilename, kept_from));
        }
        if target.as_os_str().as_bytes().ends_with(b"/") {
            return Err(ErrorKind::IsADirectory.into());
        }
        let place = folder_of(target);
        let folder = Arc::new(named::open(place)?);
        let final_name = target.file_name().ok_or(ErrorKind::IsADirectory)?;
        self.file_in(place, &folder, final_name)
    }

    /// Makes a file in `folder`, which is at `path`, mode 0600.
    pub(crate) fn file_in(
        &self,
        path: &Path,
        folder: &Arc<Dir>,
        final_name: &OsStr,
    ) -> io::Result<TemporaryFile> {
        if self.is_unswept(path) {
            remove_strays(folder);
        }
        loop {
            let name = temporary_name::draw()?;
            let mut left = self.lock();
            let file = folder.create(name.as_ref())?;
            if is_held(&file)? {
                return Ok(TemporaryFile {
                    entry: self.add(&mut left, What::File, folder, name),
                    file,
                    final_name: final_name.to_owned(),
                });
            }
        }
    }

    /// Makes a folder in `folder`, which is at `path`, mode 0700.
    pub(crate) fn folder(&self, path: &Path, folder: &Arc<Dir>) -> io::Result<TemporaryDir> {
        if self.is_unswept(path) {
            remove_strays(folder);
        }
        loop {
            let name = temporary_name::draw()?;
            let mut left = self.lock();
            folder.make(name.as_ref())?;
            let dir = match folder.child(&name) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => Arc::new(opened?),
            };
            check_new(&dir)?;
            let lock = dir.open()?;
            if is_held(&lock)? {
                let what = What::Tree(Arc::clone(&dir));
                let entry = self.add(&mut left, what, folder, name);
                drop(left);
                dir.create(MARK.as_ref())?;
                return Ok(TemporaryDir {
                    _entry: entry,
                    dir,
                    _lock: lock,
                });
            }
        }
    }

    /// Adds a folder that is about to be made for results, and goes if it is empty.
    pub(crate) fn folder_for_results(&self, folder: &Arc<Dir>, name: OsString) -> Entry {
        self.add(&mut self.lock(), What::Folder, folder, name)
    }

    fn add(
        &self,
        left: &mut Vec<Arc<Left>>,
        what: What,
        folder: &Arc<Dir>,
        name: OsString,
    ) -> Entry {
        let folder = Arc::clone(folder);
        let new = Arc::new(Left { what, folder, name });
        left.push(Arc::clone(&new));
        Entry {
            left: new,
            stays: false,
            temporaries: self.clone(),
        }
    }

    /// Removes the temporaries in `folder` that no process holds any more; it need not be there. Once
    /// for each folder: for thousands of results in one folder it would take longer than to write them.
    pub fn sweep(&self, folder: &Path) {
        if self.is_unswept(folder)
            && let Ok(dir) = named::open(folder)
        {
            remove_strays(&dir);
        }
    }

    fn is_unswept(&self, folder: &Path) -> bool {
        let mut swept = (self.0.swept.lock()).unwrap_or_else(PoisonError::into_inner);
        swept.insert(folder.to_owned())
    }

    /// Keeps [`Self::discard`] waiting until the guard is dropped.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Left>>> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `publish`, which [`Self::discard`] waits for.
    pub(crate) fn publishing<T>(&self, publish: impl FnOnce() -> T) -> T {
        let _left = self.lock();
        publish()
    }
}

/// A file beside its final name.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    // Dropped, and so removed, before the lock.
    entry: Entry,
    /// Locked, which tells other processes that it is in use.
    file: File,
    final_name: OsString,
}

impl TemporaryFile {
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The folder that it is in.
    pub(crate) fn folder(&self) -> Arc<Dir> {
        Arc::clone(&self.entry.left.folder)
    }

    /// Makes the content durable and gives it its final name; `force` replaces a file that is there.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when something is there that is not to be replaced.
    pub(crate) fn publish(self, force: bool) -> io::Result<()> {
        self.file.sync_all()?;
        let folder = self.folder();
        self.publish_unsynced(force)?;
        folder.sync()
    }

    /// Gives it its final name, and leaves it to the system when it is on the disk.
    ///
    /// # Errors
    /// As for [`Self::publish`].
    pub(crate) fn publish_unsynced(mut self, force: bool) -> io::Result<()> {
        let Left { folder, name, .. } = &*self.entry.left;
        self.entry.temporaries.publishing(|| {
            if force {
                check_replaceable(folder, &self.final_name)?;
            }
            folder.rename(name.as_ref(), folder, &self.final_name, force)
        })?;
        self.entry.stays = true;
        Ok(())
    }
}

/// Refuses to replace what is no file: a folder, a device, a pipe, a link to anything.
///
/// # Errors
/// [`ErrorKind::InvalidInput`], with words that follow the name.
pub(crate) fn check_replaceable(folder: &Dir, name: &OsStr) -> io::Result<()> {
    let what = match folder.find(name)? {
        Some(found) if found.is_link() => "it is a link",
        Some(found) if found.is_dir() => "it is a folder",
        Some(found) if !found.is_file() => "it is not a regular file",
        _ => return Ok(()),
    };
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}

/// A folder in which files wait for their final place.
#[derive(Debug)]
pub(crate) struct TemporaryDir {
    // Dropped, and so removed, before the lock.
    _entry: Entry,
    dir: Arc<Dir>,
    /// Tells other processes that it is in use.
    _lock: File,
}

impl TemporaryDir {
    pub(crate) fn dir(&self) -> Arc<Dir> {
        Arc::clone(&self.dir)
    }

    /// Removes the folder `name` in it, if it is there, with all that is in it.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match self.dir.child(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            folder => remove_tree(&self.dir, name, &folder?, None),
        }
    }

    /// Writes down that all that waits in it may have its place in the folder around it. Should this process be killed
    /// while it moves it there, the next one moves the rest.
    pub(crate) fn note_complete(&self) -> io::Result<()> {
        let dir = &self.dir;
        dir.rename(MARK.as_ref(), dir, COMPLETE.as_ref(), true)
    }
}

/// One of what would be left behind. Dropped, it is removed, unless it is to stay.
#[derive(Debug)]
pub(crate) struct Entry {
    left: Arc<Left>,
    stays: bool,
    temporaries: Temporaries,
}

impl Entry {
    /// Leaves it where it is, for good.
    pub(crate) fn keep(mut self) {
        self.stays = true;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.stays {
            self.left.remove(None);
        }
        let mut left = self.temporaries.lock();
        left.retain(|it| !Arc::ptr_eq(it, &self.left));
    }
}

/// Requires of a folder that was just made that it is still that one, and not another that somebody moved there.
fn check_new(dir: &Dir) -> io::Result<()> {
    let found = dir.look()?;
    if is_ours(&found) && !found.is_shared() && is_empty(dir)? {
        return Ok(());
    }
    Err(io::Error::new(
        ErrorKind::PermissionDenied,
        "another user put something else in the place of a temporary folder",
    ))
}

/// Locks a new temporary; whether it is there. Another process may have taken it for a stray one in between.
fn is_held(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        // Where the file system has no locks, nothing sweeps either.
        Err(TryLockError::Error(_)) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Ok(()) => Ok(file.metadata()?.nlink() > 0),
    }
}

#[cfg(test)]
mod tests;
