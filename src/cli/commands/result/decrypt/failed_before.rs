//! The archives that failed in an earlier run of a batch, in a file in the folder of results.

use std::collections::BTreeMap;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::decrypt::Temporaries;
use crate::file::ownership::check_own;

/// Its name in the folder of results.
const NAME: &str = ".iexec-hsm-failed.json";
/// The archives that are remembered; beyond these, the ones that were tried longest ago are forgotten.
const MOST: usize = 10_000;
/// A file of so many archives, with long names.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// The time between two writes while archives fail, so that a kill costs little.
const PAUSE: Duration = Duration::from_secs(2);

/// The archives that failed before and would fail again. A file of another user, one that others can
/// write to, or a link is not read.
pub(super) struct FailedBefore {
    path: PathBuf,
    /// What the archives are asked: the same for this run as a whole.
    question: String,
    failed: BTreeMap<String, Entry>,
    changed: bool,
    saved: Instant,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    failed: BTreeMap<String, Entry>,
}

/// How an archive failed.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    file: Identity,
    question: String,
    code: Code,
    /// Seconds since 1970.
    tried: u64,
}

/// What tells a file from one that was put in its place, and from itself once it was changed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// That of a zip. A folder, a file in one, and a pipe have none: all of it may change.
    pub(super) fn of(archive: &Path) -> Option<Self> {
        let found = fs::metadata(archive).ok().filter(Metadata::is_file)?;
        let in_folder = archive.extension().is_some_and(|it| it == "aes");
        (!in_folder).then(|| Self {
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

impl FailedBefore {
    /// Reads what is in `folder`. Archives that changed since, or are gone, are left out.
    ///
    /// A file that cannot be read or must not be trusted counts as none, after `warn` is told why.
    pub(super) fn read(
        folder: &Path,
        question: String,
        warn: impl FnOnce(&Path, io::Error),
    ) -> Self {
        let path = folder.join(NAME);
        let mut failed = match content(&path) {
            Ok(content) => content.failed,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn(&path, error);
                }
                BTreeMap::new()
            }
        };
        failed.retain(|archive, entry| Identity::of(Path::new(archive)) == Some(entry.file));
        Self {
            path,
            question,
            failed,
            changed: false,
            saved: Instant::now(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how `archive`, a full path, failed when it was asked the same.
    pub(super) fn find(&self, archive: &Path) -> Option<Code> {
        let entry = self.failed.get(archive.to_str()?)?;
        (entry.question == self.question).then_some(entry.code)
    }

    /// Remembers that `archive`, a full path, failed. `before` is its identity before it was opened:
    /// of one that changed meanwhile nothing is known.
    pub(super) fn note(&mut self, archive: &Path, before: Option<Identity>, code: Code) {
        let file = before.filter(|it| Identity::of(archive) == Some(*it));
        let (Some(name), Some(file)) = (archive.to_str(), file) else {
            return;
        };
        let tried = SystemTime::now().duration_since(UNIX_EPOCH);
        let entry = Entry {
            file,
            question: self.question.clone(),
            code,
            tried: tried.map_or(0, |it| it.as_secs()),
        };
        self.failed.insert(name.to_owned(), entry);
        self.changed = true;
    }

    /// Forgets `archive`, a full path, which opened.
    pub(super) fn forget(&mut self, archive: &Path) {
        let known = archive.to_str().and_then(|name| self.failed.remove(name));
        self.changed |= known.is_some();
    }

    /// Whether there is something to write, and it is time to.
    pub(super) fn is_due(&self) -> bool {
        self.changed && self.saved.elapsed() > PAUSE
    }

    /// Whether there is something to write.
    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Writes it in place of the file that is there.
    pub(super) fn save(&mut self, temporaries: &Temporaries) -> io::Result<()> {
        self.forget_the_oldest();
        self.saved = Instant::now();
        self.changed = false;
        let content = Content {
            failed: std::mem::take(&mut self.failed),
        };
        let json = serde_json::to_vec(&content);
        self.failed = content.failed;
        let mut pending = temporaries.file(&self.path)?;
        pending.file().write_all(&json?)?;
        // A power cut that takes it back costs another attempt.
        pending.publish_unsynced(true)
    }

    fn forget_the_oldest(&mut self) {
        let Some(beyond) = self.failed.len().checked_sub(MOST).filter(|it| *it > 0) else {
            return;
        };
        let mut times: Vec<u64> = self.failed.values().map(|entry| entry.tried).collect();
        times.sort_unstable();
        if let Some(last) = times.get(beyond - 1) {
            self.failed.retain(|_, entry| entry.tried > *last);
        }
    }
}

fn content(path: &Path) -> io::Result<Content> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    check_own(&file)?;
    let mut json = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests;
