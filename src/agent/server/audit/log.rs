//! Where the lines of the audit log go: a line is there whole, or not at all.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Seek as _, Write};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use crate::file::{OutputStream, named};
use crate::text::escape::Shown as _;

/// A file that grows, or stderr.
pub(super) struct Log {
    to: To,
    /// What is there ends in the middle of a line.
    torn: bool,
}

enum To {
    File(File, PathBuf),
    Stderr,
}

impl Log {
    /// Opens the file; `None` stands for stderr.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self {
                to: To::Stderr,
                torn: false,
            });
        };
        let file = match OutputStream::of(path) {
            Some(stream) => stream.open()?,
            None => open_file(path)?,
        };
        Ok(Self {
            torn: is_torn(&file),
            to: To::File(file, path.to_owned()),
        })
    }

    /// Opens the file anew by its name; whether there is a file. Where that fails, the one that is
    /// open is gone on with.
    pub(super) fn reopen(&mut self) -> io::Result<bool> {
        let To::File(_, path) = &self.to else {
            return Ok(false);
        };
        *self = Self::open(Some(path))?;
        Ok(true)
    }

    /// Adds a line. Of one that does not fit nothing stays, where that can be.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        let text = match self.torn {
            true => &[b"\n", line].concat(),
            false => line,
        };
        let (written, result) = self.write(text);
        if result.is_ok() {
            self.torn = false;
        } else if written > 0 {
            self.torn |= !self.take_back(written);
        }
        result
    }

    /// Tells stderr that the file cannot be used.
    pub(super) fn complain(&self, what: &str, error: &io::Error) {
        if let To::File(_, path) = &self.to {
            let path = path.shown();
            // With stderr gone there is nobody to tell.
            let _ = writeln!(
                io::stderr(),
                "warning: the audit log {path} cannot be {what}: {error}"
            );
        }
    }

    /// Writes as much as goes, and tells how much went.
    fn write(&mut self, text: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while written < text.len() {
            let rest = &text[written..];
            let wrote = match &mut self.to {
                To::File(file, _) => file.write(rest),
                To::Stderr => io::stderr().write(rest),
            };
            match wrote {
                Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Removes the last bytes again, unless somebody has added others behind them.
    fn take_back(&mut self, bytes: usize) -> bool {
        let To::File(file, _) = &mut self.to else {
            return false;
        };
        let mut cut = || {
            let end = file.stream_position()?;
            if file.metadata()?.len() != end {
                return Err(io::Error::from(ErrorKind::Other));
            }
            file.set_len(end - bytes as u64)
        };
        cut().is_ok()
    }
}

/// Opens a file for this user alone, or one that nobody else reads or directs elsewhere.
fn open_file(path: &Path) -> io::Result<File> {
    let refused = |why| Err(io::Error::new(ErrorKind::PermissionDenied, why));
    let folder = named::open(named::folder_of(path))?;
    let name = path.file_name().ok_or(ErrorKind::IsADirectory)?;
    if folder.find(name)?.is_some_and(|found| found.is_link()) {
        return refused("it is a link; name the file that it leads to");
    }
    let file = folder.open_file(name, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)?;
    let found = file.metadata()?;
    // A device such as /dev/null keeps nothing, and is not ours to change.
    if found.file_type().is_char_device() {
        return Ok(file);
    }
    if !found.is_file() {
        return refused("it is not a regular file");
    }
    if found.uid() != geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if found.nlink() > 1 {
        return refused("it has other names, too");
    }
    if found.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Whether the file ends in the middle of a line, as after a computer that went out.
fn is_torn(file: &File) -> bool {
    let Ok(found) = file.metadata() else {
        return false;
    };
    let mut last = [b'\n'];
    found.is_file()
        && found.len() > 0
        && file.read_exact_at(&mut last, found.len() - 1).is_ok()
        && last != *b"\n"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_left_torn_does_not_spoil_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for (before, after) in [("", "new\n"), ("a\n", "a\nnew\n"), ("a\nb", "a\nb\nnew\n")] {
            fs::write(&path, before).unwrap();
            let mut log = Log::open(Some(&path)).unwrap();
            log.append(b"new\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[test]
    fn what_is_there_is_brought_to_this_user_alone_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("log"), "a\n").unwrap();
        fs::set_permissions(path("log"), Permissions::from_mode(0o666)).unwrap();
        drop(Log::open(Some(&path("log"))).unwrap());
        assert_eq!(fs::metadata(path("log")).unwrap().mode() & 0o7777, 0o600);

        std::os::unix::fs::symlink("log", path("link")).unwrap();
        fs::write(path("one"), "").unwrap();
        fs::hard_link(path("one"), path("two")).unwrap();
        for name in ["link", "two", "", "none/log"] {
            assert!(Log::open(Some(&path(name))).is_err(), "{name}");
        }
        if geteuid().is_root() {
            std::os::unix::fs::chown(path("log"), Some(65534), None).unwrap();
            assert!(Log::open(Some(&path("log"))).is_err());
        } else {
            eprintln!("not looked at: only root can give files away");
        }
        assert_eq!(fs::read_to_string(path("log")).unwrap(), "a\n");
    }

    #[test]
    fn a_device_that_keeps_nothing_is_taken_as_it_is() {
        let mode = || fs::metadata("/dev/null").unwrap().mode();
        let before = mode();
        assert!(Log::open(Some(Path::new("/dev/null"))).is_ok());
        assert_eq!(mode(), before);
    }

    #[test]
    fn a_line_of_another_process_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(Some(&path)).unwrap();
        log.append(b"one\n").unwrap();
        assert!(log.take_back(2));
        log.append(b"two\n").unwrap();
        let mut other = Log::open(Some(&path)).unwrap();
        other.append(b"other\n").unwrap();
        assert!(!log.take_back(4));
        assert_eq!(fs::read_to_string(&path).unwrap(), "ontwo\nother\n");
    }
}
