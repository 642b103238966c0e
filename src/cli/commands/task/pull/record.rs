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
use crate::file::ownership::{check_only_name, check_own};

/// Its name in the folder of results.
const NAME: &str = ".iexec-hsm-pulled.jsonl";

/// Half a million results: each takes about 220 bytes, in a line when it gets its place and one when all is done.
const MOST_BYTES: u64 = 128 << 20;

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
    /// Whether half a line may be at its end.
    is_torn: bool,
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
        let file = folder.open_file(NAME.as_ref(), flags)?;
        check_own(&file)?;
        check_only_name(&file)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let content = content(&file)?;
        Ok(Self {
            known: parsed(&content),
            file,
            // One was being written when a run was killed.
            is_torn: !content.is_empty() && !content.ends_with(b"\n"),
        })
    }

    pub(super) fn get(&self, task: Id) -> Option<Known> {
        self.known.get(&task).copied()
    }

    /// Adds what is known of a task at `now`, in seconds since 1970.
    pub(super) fn add(&mut self, task: Id, known: Known, now: u64) -> io::Result<()> {
        let line = serde_json::to_string(&Line::of(task, known, now))?;
        // What was torn is ended by a line break of its own.
        let start = if self.is_torn { "\n" } else { "" };
        // One write, so that a kill leaves all of it or a piece that is no line.
        let written = self.file.write_all(format!("{start}{line}\n").as_bytes());
        self.is_torn = written.is_err();
        written?;
        self.known.insert(task, known);
        Ok(())
    }

    /// Makes what was added survive a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
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

    #[test]
    fn what_could_not_be_written_is_not_known_and_spoils_no_other_line() {
        let folder = tempfile::tempdir().unwrap();
        let dir = named::open(folder.path()).unwrap();
        let mut record = Record::open(&dir).unwrap();
        let [one, two] = ["01", "02"].map(id);
        let pulled = Known::Pulled { entries: 1 };
        let full = File::options().write(true).open("/dev/full").unwrap();
        let file = std::mem::replace(&mut record.file, full);
        let error = record.add(one, pulled, 7).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(record.get(one), None);
        // As far as there was room.
        record.file = file;
        record.file.write_all(br#"{"task":"0x0101"#).unwrap();
        record.add(two, pulled, 8).unwrap();
        assert_eq!(record.get(two), Some(pulled));
        drop(record);
        assert_eq!(read(folder.path()).unwrap(), [(two, pulled)].into());
    }

    #[test]
    fn one_of_two_names_is_read_and_not_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let dir = named::open(folder.path()).unwrap();
        let pulled = Known::Pulled { entries: 1 };
        let mut record = Record::open(&dir).unwrap();
        record.add(id("01"), pulled, 7).unwrap();
        drop(record);
        let path = |name: &str| folder.path().join(name);
        std::fs::hard_link(path(NAME), path("backup")).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [(id("01"), pulled)].into());
        let refused = Record::open(&dir).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    }
}
