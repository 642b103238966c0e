//! Moving extracted files to their places, on no way through a link.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::output::OutputError;
use crate::file::dir::Dir;

/// Files that wait below one folder and go below another one.
pub(super) struct Publication<'a> {
    pub(super) waiting: &'a Dir,
    pub(super) to: &'a Dir,
    /// The path of `to`, for questions and messages.
    pub(super) path: &'a Path,
    /// The files and folders, relative to both.
    pub(super) files: &'a [PathBuf],
    pub(super) folders: &'a [PathBuf],
}

impl Publication<'_> {
    /// Requires that each of them has its place: nothing is there, or a file that `replace` allows to replace.
    /// Returns the files that replace one.
    pub(super) fn check(
        &self,
        replace: &dyn Fn(&Path) -> bool,
    ) -> Result<BTreeSet<&Path>, OutputError> {
        let mut way = Way::of(self.to);
        for relative in self.folders {
            match self.to.below(relative) {
                Err(error) if is_in_the_way(&error) => return Err(self.taken(relative)),
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.failed(relative, error));
                }
                _ => {}
            }
        }
        let mut replaced = BTreeSet::new();
        for relative in self.files {
            let (folder, name) = split(relative);
            let found = match way.to(folder, |to, folder| to.below(folder)) {
                Err(error) if is_in_the_way(&error) => return Err(self.taken(folder)),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(self.failed(relative, error)),
                Ok(dir) => dir.find(name.as_os_str()),
            };
            match found {
                Ok(None) => {}
                Ok(Some(found)) if found.is_file() && replace(&self.path.join(relative)) => {
                    replaced.insert(relative.as_path());
                }
                Ok(Some(_)) => return Err(OutputError::Exists(self.path.join(relative))),
                Err(error) => return Err(self.failed(relative, error)),
            }
        }
        Ok(replaced)
    }

    /// Moves them all.
    pub(super) fn publish(&self, replaced: &BTreeSet<&Path>) -> Result<(), OutputError> {
        for relative in self.folders {
            let made = self.to.made_below(relative);
            made.map_err(|error| self.failed(relative, error))?;
        }
        let mut way = Way::of(self.to);
        for relative in self.files {
            let (folder, name) = split(relative);
            let replace = replaced.contains(relative.as_path());
            way.to(folder, |to, folder| to.made_below(folder))
                .and_then(|to| self.waiting.rename(relative, to, name.as_os_str(), replace))
                .map_err(|error| self.failed(relative, error))?;
        }
        Ok(())
    }

    fn failed(&self, relative: &Path, error: io::Error) -> OutputError {
        OutputError::io(&self.path.join(relative), error)
    }

    /// Names what stands where a folder has to be: the first on the way that is none.
    fn taken(&self, relative: &Path) -> OutputError {
        let mut outermost: Vec<&Path> = relative.ancestors().collect();
        outermost.reverse();
        let is_taken = |it: &&Path| self.to.below(it).is_err_and(|error| is_in_the_way(&error));
        let taken = outermost.into_iter().find(is_taken).unwrap_or(relative);
        OutputError::Exists(self.path.join(taken))
    }
}

/// The way to the folder that a file goes to: mostly the one that the file before it went to.
struct Way<'a> {
    from: &'a Dir,
    last: Option<(&'a Path, Dir)>,
}

impl<'a> Way<'a> {
    fn of(from: &'a Dir) -> Self {
        Self { from, last: None }
    }

    fn to(
        &mut self,
        folder: &'a Path,
        find: impl FnOnce(&Dir, &Path) -> io::Result<Dir>,
    ) -> io::Result<&Dir> {
        let last = match self.last.take() {
            Some((path, dir)) if path == folder => (path, dir),
            _ => (folder, find(self.from, folder)?),
        };
        Ok(&self.last.insert(last).1)
    }
}

fn split(relative: &Path) -> (&Path, &Path) {
    let folder = relative.parent().unwrap_or(Path::new(""));
    let name = relative.strip_prefix(folder).unwrap_or(relative);
    (folder, name)
}

/// Whether there is something, and no folder.
fn is_in_the_way(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOTDIR | Errno::LOOP | Errno::XDEV)
    )
}
