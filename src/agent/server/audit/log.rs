//! Where the lines of the audit log go: a line is there whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

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
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            torn: is_torn(&file, path),
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

/// Whether the file ends in the middle of a line, as after a computer that went out.
fn is_torn(file: &File, path: &Path) -> bool {
    // To open anything else could wait for ever.
    if !file.metadata().is_ok_and(|it| it.is_file() && it.len() > 0) {
        return false;
    }
    let last = || {
        let mut file = File::open(path)?;
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        io::Result::Ok(last)
    };
    last().is_ok_and(|it| it != *b"\n")
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
