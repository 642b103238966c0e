//! Regular files that are there to be read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::dir::Dir;

/// Opens it. What else may stand there, or be put there at that moment, is refused: a pipe that nobody writes to would
/// keep its reader waiting, and a device need not have an end.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for what is no regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    checked(opened)
}

/// Opens the one at `relative`, below `folder` and on no way through a link.
///
/// # Errors
/// As of [`open`].
pub(crate) fn open_below(folder: &Dir, relative: &Path) -> io::Result<File> {
    let name = relative.file_name().ok_or(ErrorKind::IsADirectory)?;
    let folder = folder.below(relative.parent().unwrap_or(Path::new("")))?;
    checked(folder.open_file(name, OFlags::RDONLY))
}

fn checked(opened: io::Result<File>) -> io::Result<File> {
    let refused = || io::Error::new(ErrorKind::InvalidInput, "not a regular file");
    let file = opened.map_err(|error| match Errno::from_io_error(&error) {
        // A socket.
        Some(Errno::NXIO) => refused(),
        _ => error,
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(refused())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;
    use crate::file::named;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "x").unwrap();
        symlink("file", path("link")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        let made = Command::new("mkfifo").arg(path("pipe")).status();
        assert!(made.unwrap().success());
        open(&path("file")).unwrap();
        open(&path("link")).unwrap();
        let dir = named::open(folder.path()).unwrap();
        open_below(&dir, "file".as_ref()).unwrap();
        for name in ["pipe", "socket", "/dev/zero", "."] {
            let error = open(&path(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
        }
        for name in ["pipe", "socket", "link"] {
            open_below(&dir, name.as_ref()).unwrap_err();
        }
        let none = open(&path("none")).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn no_link_on_the_way_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("in/deep")).unwrap();
        fs::write(path("in/deep/file"), "x").unwrap();
        symlink("deep", path("in/link")).unwrap();
        let dir = named::open(&path("in")).unwrap();
        open_below(&dir, "deep/file".as_ref()).unwrap();
        for way in ["link/file", "../in/deep/file"] {
            open_below(&dir, way.as_ref()).unwrap_err();
        }
    }
}
