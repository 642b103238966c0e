//! A result that somebody watches.

use std::io::{self, Read as _};
use std::sync::Arc;

use super::extraction::Counting;
use super::watched::{WatchedFile, Watcher};
use super::{Contents, EntryName, Member, ResultZipError};

/// Bytes that are read at most of the file that comes first.
const LONGEST_FIRST: u64 = 1 << 20;

impl Contents {
    /// Lets `watcher`, if there is one, see the files that are read from now on.
    ///
    /// # Errors
    /// What reading the file meets that the watcher has to read first.
    pub fn watched_by(
        mut self,
        watcher: Option<&Arc<dyn Watcher>>,
    ) -> Result<Self, ResultZipError> {
        if let Some(watcher) = watcher {
            let first = self.beginning_of(watcher.first())?;
            let files = self.entries().filter(|it| !it.name().is_folder());
            let files: Vec<_> = files.map(|it| told(&it)).collect();
            watcher.begin(first.as_deref(), &files);
        }
        self.watcher = watcher.cloned();
        Ok(self)
    }

    /// Reads the files that are wanted by who watches, and nothing else. It has seen them then. `progress` is told of
    /// their bytes.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn read_watched(&self, progress: &dyn Fn(u64)) -> Result<(), ResultZipError> {
        for member in self.entries().filter(Member::is_watched) {
            io::copy(&mut member.open()?, &mut Counting(progress))?;
        }
        Ok(())
    }

    /// The beginning of a file; none where it is not there. One that cannot be unpacked has none.
    fn beginning_of(&self, name: EntryName<'_>) -> io::Result<Option<Vec<u8>>> {
        let Some(member) = self.entries().find(|it| it.name() == name) else {
            return Ok(None);
        };
        let mut beginning = Vec::new();
        if let Ok(data) = member.open() {
            data.take(LONGEST_FIRST).read_to_end(&mut beginning)?;
        }
        Ok(Some(beginning))
    }
}

fn told<'a>(member: &Member<'a>) -> WatchedFile<'a> {
    WatchedFile {
        name: member.name(),
        is_symlink: member.is_symlink(),
    }
}
