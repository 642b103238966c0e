//! Folders that are held by their descriptors. What is done in one is done there, whatever stands under its name
//! by now: another user who can rename and link cannot lead it elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::temporary_name;

/// A folder, as a place to do something in.
#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

/// What an entry of a folder is; a link is one itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found(Stat);

impl Found {
    pub(crate) fn is_dir(&self) -> bool {
        self.kind() == FileType::Directory
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    pub(crate) fn is_link(&self) -> bool {
        self.kind() == FileType::Symlink
    }

    pub(crate) fn owner(&self) -> u32 {
        self.0.st_uid
    }

    /// Its number on its disk.
    pub(crate) fn inode(&self) -> u64 {
        self.0.st_ino
    }

    /// Whether another user than the owner may write to it.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.st_mode & 0o022 != 0
    }

    /// Whether it is of the user of this number, and nobody else's to look into.
    pub(crate) fn is_private_of(&self, user: u32) -> bool {
        self.owner() == user && self.0.st_mode & 0o077 == 0
    }

    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.0.st_mode)
    }
}

impl Dir {
    /// The folder that relative paths begin at.
    pub(crate) fn working() -> io::Result<Self> {
        Self::at(CWD, Path::new("."))
    }

    /// The folder that absolute paths begin at.
    pub(crate) fn root() -> io::Result<Self> {
        Self::at(CWD, Path::new("/"))
    }

    fn at(folder: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::openat(
            folder,
            path,
            flags,
            Mode::empty(),
        )?))
    }

    /// The folder above.
    pub(crate) fn above(&self) -> io::Result<Self> {
        Self::at(self.0.as_fd(), Path::new(".."))
    }

    /// The folder `name` in it, which is no link.
    pub(crate) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::at(self.0.as_fd(), name.as_ref())
    }

    /// The folder at `path`, seen from it, wherever the system says that it is.
    pub(super) fn followed(&self, path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, path, flags, Mode::empty())?;
        Ok(Self(opened))
    }

    /// The folder at `relative`, below this one and on no way through a link.
    pub(crate) fn below(&self, relative: &Path) -> io::Result<Self> {
        if relative.as_os_str().is_empty() {
            return Ok(Self(self.0.try_clone()?));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(&self.0, relative, flags, Mode::empty(), resolve) {
            Ok(opened) => Ok(Self(opened)),
            // An old system, or one that a filter keeps it from.
            Err(Errno::NOSYS | Errno::PERM) => self.below_in_steps(relative),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, folder by folder.
    fn below_in_steps(&self, relative: &Path) -> io::Result<Self> {
        let mut folder = Self(self.0.try_clone()?);
        for name in names(relative)? {
            folder = folder.child(name)?;
        }
        Ok(folder)
    }

    /// The folder at `relative` with all that is missing of it made, each of mode 0700.
    pub(crate) fn made_below(&self, relative: &Path) -> io::Result<Self> {
        match self.below(relative) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let mut folder = Self(self.0.try_clone()?);
        for name in names(relative)? {
            folder.make(name.as_ref())?;
            folder = folder.child(name)?;
        }
        Ok(folder)
    }

    /// Makes the folder at `relative`, mode 0700; whether it was not there before.
    pub(crate) fn make(&self, relative: &Path) -> io::Result<bool> {
        self.make_with(relative, Mode::RWXU)
    }

    /// Does so with the modes that the user gives folders.
    pub(super) fn make_usual(&self, relative: &Path) -> io::Result<bool> {
        self.make_with(relative, Mode::RWXU | Mode::RWXG | Mode::RWXO)
    }

    fn make_with(&self, relative: &Path, mode: Mode) -> io::Result<bool> {
        match rustix::fs::mkdirat(&self.0, relative, mode) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the file at `relative`, mode 0600, which was not there before.
    pub(crate) fn create(&self, relative: &Path) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(rustix::fs::openat(&self.0, relative, flags | OFlags::NOFOLLOW, mode)?.into())
    }

    /// Makes a file without a name, on the disk that the folder is on.
    pub(crate) fn create_unnamed(&self) -> io::Result<File> {
        let flags = OFlags::TMPFILE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        match rustix::fs::openat(&self.0, ".", flags, mode) {
            Ok(file) => Ok(file.into()),
            // Not all file systems have such files.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {
                let name = temporary_name::draw()?;
                let file = self.create(name.as_ref())?;
                self.remove_file(&name)?;
                Ok(file)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A path to `name` in it, for calls that take no folder. It leads there as long as the folder is held.
    pub(crate) fn path_of(&self, name: &OsStr) -> PathBuf {
        let number = self.0.as_raw_fd().to_string();
        [OsStr::new("/proc/self/fd"), number.as_ref(), name]
            .iter()
            .collect()
    }

    /// Opens `name` for what `flags` say, where it is no link. It does not wait for the other end of a pipe.
    pub(crate) fn open_file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(rustix::fs::openat(&self.0, name, flags, mode)?.into())
    }

    /// The folder itself, to be read, locked or synced.
    pub(crate) fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?.into())
    }

    /// Looks at the folder itself.
    pub(crate) fn look(&self) -> io::Result<Found> {
        Ok(Found(rustix::fs::fstat(&self.0)?))
    }

    /// Looks at `name` in it, if it is there.
    pub(crate) fn find(&self, name: &OsStr) -> io::Result<Option<Found>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(Found(found))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the link `name` in it leads.
    pub(super) fn read_link(&self, name: &OsStr) -> io::Result<(Found, PathBuf)> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // The very link that is looked at, should its name get another meaning meanwhile.
        let link = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        let found = Found(rustix::fs::fstat(&link)?);
        let to = rustix::fs::readlinkat(&link, "", Vec::new())?;
        Ok((found, OsString::from_vec(to.into_bytes()).into()))
    }

    /// Moves the file at `from`, below this folder, to `name` in `to`, where it replaces what is there if `replace`
    /// says so.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when something is there that is not to be replaced.
    pub(crate) fn rename(
        &self,
        from: &Path,
        to: &Self,
        name: &OsStr,
        replace: bool,
    ) -> io::Result<()> {
        if replace {
            return Ok(rustix::fs::renameat(&self.0, from, &to.0, name)?);
        }
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&self.0, from, &to.0, name, flags) {
            // Not all file systems can.
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::linkat(&self.0, from, &to.0, name, AtFlags::empty())?;
                Ok(rustix::fs::unlinkat(&self.0, from, AtFlags::empty())?)
            }
            renamed => Ok(renamed?),
        }
    }

    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes the folder `name`, which must be empty.
    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Makes a rename in it survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.open()?.sync_all()
    }

    /// Brings the content of the file at `relative`, which was made in it, to the disk.
    pub(crate) fn sync_file(&self, relative: &Path) -> io::Result<()> {
        let folder = self.below(relative.parent().unwrap_or(Path::new("")))?;
        let name = relative.file_name().unwrap_or_default();
        folder.open_file(name, OFlags::RDONLY)?.sync_all()
    }

    /// Brings the whole file system that it is on to the disk: one call for any number of files.
    pub(crate) fn sync_file_system(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(self.open()?)?)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The names in a path that leads down only.
fn names(relative: &Path) -> io::Result<Vec<&OsStr>> {
    let down = |name: std::path::Component<'_>| matches!(name, std::path::Component::Normal(_));
    if relative.components().all(down) {
        Ok(relative.iter().collect())
    } else {
        Err(ErrorKind::InvalidInput.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    /// A folder with `a/b`, and with links into and out of it.
    fn furnished() -> (tempfile::TempDir, Dir) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("in/a/b")).unwrap();
        fs::create_dir(path("out")).unwrap();
        symlink("../../out", path("in/a/out")).unwrap();
        symlink("b", path("in/a/c")).unwrap();
        fs::write(path("in/file"), "x").unwrap();
        let dir = Dir::working().unwrap().followed(&path("in"));
        (folder, dir.unwrap())
    }

    #[test]
    fn the_way_below_a_folder_goes_through_no_link_and_not_up() {
        let (folder, dir) = furnished();
        type Way = fn(&Dir, &Path) -> io::Result<Dir>;
        for way in [Dir::below as Way, Dir::below_in_steps, Dir::made_below] {
            let found = way(&dir, Path::new("a/b")).unwrap();
            let expected = fs::metadata(folder.path().join("in/a/b")).unwrap().ino();
            assert_eq!(found.look().unwrap().0.st_ino, expected);
            for path in ["a/out", "a/c", "a/out/x", "file", "file/x", "../out", "/"] {
                assert!(way(&dir, Path::new(path)).is_err(), "{path}");
            }
        }
        assert!(!folder.path().join("out/x").exists());
    }

    #[test]
    fn what_is_missing_is_made_for_its_owner_alone() {
        let (folder, dir) = furnished();
        dir.made_below(Path::new("a/new/deep")).unwrap();
        for path in ["in/a/new", "in/a/new/deep"] {
            let made = fs::metadata(folder.path().join(path)).unwrap();
            assert_eq!(made.mode() & 0o7777, 0o700, "{path}");
        }
    }

    #[test]
    fn a_folder_is_the_same_one_under_any_name() {
        let (folder, dir) = furnished();
        let path = |name: &str| folder.path().join(name);
        fs::rename(path("in"), path("moved")).unwrap();
        symlink("out", path("in")).unwrap();
        drop(dir.create(Path::new("new")).unwrap());
        assert!(path("moved/new").exists());
        dir.rename(Path::new("new"), &dir, OsStr::new("file"), false)
            .unwrap_err();
        dir.rename(Path::new("new"), &dir, OsStr::new("file"), true)
            .unwrap();
        assert_eq!(fs::read(path("moved/file")).unwrap(), b"");
        assert_eq!(fs::read_dir(path("out")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_without_a_name_leaves_nothing() {
        let (folder, dir) = furnished();
        drop(dir.create_unnamed().unwrap());
        assert_eq!(fs::read_dir(folder.path().join("in")).unwrap().count(), 2);
    }
}
