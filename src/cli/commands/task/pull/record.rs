//! What was pulled into a folder, in a file there: a line for each result, added when all is done with it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};

use crate::chain::poco::Id;
use crate::code::Code;
use crate::file::dir::Dir;
use crate::file::named;
use crate::file::ownership::check_own;

/// Its name in the folder of results.
const NAME: &str = ".iexec-hsm-pulled.jsonl";

/// Half a million results.
const MOST_BYTES: u64 = 64 << 20;

/// What is known of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::commands::task) enum Known {
    /// Its result was put into the folder, with so many entries.
    Pulled { entries: u64 },
    /// Its result is bad.
    Failed(Code),
    /// This folder with its result was given its place, and the rest is still to be done.
    Placed { inode: u64 },
}

impl Known {
    /// Whether a result can rest, when it is known whether it is there.
    pub(super) fn is_settled(self, is_there: bool, not_again: bool) -> bool {
        match self {
            // One with nothing in it leaves an empty folder.
            Self::Pulled { entries } => is_there || not_again || entries == 0,
            Self::Failed(_) => true,
            Self::Placed { .. } => false,
        }
    }
}

/// The record of a folder. While it is open, no other process pulls into the folder.
pub(super) struct Record {
    known: HashMap<Id, Known>,
    file: File,
}

/// A line of the file; `at` is in seconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Ended {
        task: String,
        /// Why the result is bad, where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<Code>,
        #[serde(default)]
        entries: u64,
        at: u64,
    },
    Placed {
        placed: String,
        inode: u64,
        at: u64,
    },
}

impl Line {
    fn of(task: Id, known: Known, at: u64) -> Self {
        let task = task.to_string();
        let (failed, entries) = match known {
            Known::Placed { inode } => {
                return Self::Placed {
                    placed: task,
                    inode,
                    at,
                };
            }
            Known::Pulled { entries } => (None, entries),
            Known::Failed(code) => (Some(code), 0),
        };
        Self::Ended {
            task,
            failed,
            entries,
            at,
        }
    }

    fn known(self) -> Option<(Id, Known)> {
        let (task, known) = match self {
            Self::Placed { placed, inode, .. } => (placed, Known::Placed { inode }),
            Self::Ended {
                task,
                failed: Some(code),
                ..
            } => (task, Known::Failed(code)),
            Self::Ended { task, entries, .. } => (task, Known::Pulled { entries }),
        };
        Some((task.parse().ok()?, known))
    }
}

impl Record {
    /// Opens that of `folder`.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when another process has it open.
    pub(super) fn open(folder: &Dir) -> io::Result<Self> {
        match folder.create(NAME.as_ref()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut file = folder.open_file(NAME.as_ref(), flags)?;
        check_own(&file)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let content = content(&file)?;
        if !content.is_empty() && !content.ends_with(b"\n") {
            // What was being written when a run was killed is no line.
            file.write_all(b"\n")?;
        }
        let known = parsed(&content);
        Ok(Self { known, file })
    }

    pub(super) fn get(&self, task: Id) -> Option<Known> {
        self.known.get(&task).copied()
    }

    /// Adds what is known of a task at `now`, in seconds since 1970.
    pub(super) fn add(&mut self, task: Id, known: Known, now: u64) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line::of(task, known, now))?;
        line.push(b'\n');
        self.known.insert(task, known);
        // One write, so that a kill leaves all of it or a piece that is no line.
        self.file.write_all(&line)
    }
}

/// What the record of `folder` says, if there is one.
///
/// # Errors
/// When it cannot be read, or others could have written it.
pub(in crate::cli::commands::task) fn read(folder: &Path) -> io::Result<HashMap<Id, Known>> {
    let file = named::open(folder).and_then(|folder| {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        folder.open_file(NAME.as_ref(), flags)
    });
    match file {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(error),
        Ok(file) => {
            check_own(&file)?;
            Ok(parsed(&content(&file)?))
        }
    }
}

fn content(file: &File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut content)?;
    match content.len() as u64 > MOST_BYTES {
        true => Err(ErrorKind::FileTooLarge.into()),
        false => Ok(content),
    }
}

/// The last word on each task.
fn parsed(content: &[u8]) -> HashMap<Id, Known> {
    let lines = content.split(|byte| *byte == b'\n');
    let known = lines.filter_map(|line| {
        let line: Line = serde_json::from_slice(line).ok()?;
        line.known()
    });
    known.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn id(digits: &str) -> Id {
        format!("0x{}", digits.repeat(32)).parse().unwrap()
    }

    #[test]
    fn the_last_word_counts_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let dir = named::open(folder.path()).unwrap();
        assert_eq!(read(folder.path()).unwrap(), HashMap::new());
        let mut record = Record::open(&dir).unwrap();
        let [one, two, three] = ["01", "02", "03"].map(id);
        let pulled = Known::Pulled { entries: 3 };
        record
            .add(one, Known::Failed(Code::CannotDecrypt), 7)
            .unwrap();
        record.add(one, Known::Placed { inode: 5 }, 8).unwrap();
        record.add(one, pulled, 8).unwrap();
        // Nobody else pulls into it.
        let locked = Record::open(&dir).err().unwrap();
        assert_eq!(locked.kind(), ErrorKind::WouldBlock);
        record.file.write_all(br#"{"task":"0x"#).unwrap();
        drop(record);
        let mut record = Record::open(&dir).unwrap();
        record
            .add(two, Known::Failed(Code::NotAnArchive), 9)
            .unwrap();
        let placed = Known::Placed { inode: u64::MAX };
        record.add(three, placed, 9).unwrap();
        drop(record);
        let known = HashMap::from([
            (one, pulled),
            (two, Known::Failed(Code::NotAnArchive)),
            (three, placed),
        ]);
        assert_eq!(read(folder.path()).unwrap(), known);
    }
}
