//! The paths that the entries of a result are extracted to.

use std::io;
use std::path::{Path, PathBuf};

use super::places::{by_components, place};
use super::{Contents, EntryName, Member, ResultZipError};
use crate::file::is_temporary;

/// Bytes that a name, and a whole path, has at most on the file systems in use.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4095;

/// Folders in each other, more than any program makes on purpose.
const DEEPEST: usize = 100;

/// What is extracted, relative to a folder. No path leads out of it, and none is in the way of
/// another one.
#[derive(Debug, Default)]
pub struct Extraction<'c> {
    /// The files, in the order of the directory.
    pub files: Vec<(Member<'c>, PathBuf)>,
    /// The folders that have entries of their own.
    pub folders: Vec<PathBuf>,
}

impl<'c> Extraction<'c> {
    /// Returns the path of each of `members` below the folder that is extracted to.
    ///
    /// # Errors
    /// [`ResultZipError::UnsafeName`] for what must not be extracted,
    /// [`ResultZipError::Unreadable`] for what cannot.
    pub fn of(members: impl IntoIterator<Item = Member<'c>>) -> Result<Self, ResultZipError> {
        let mut extraction = Self::default();
        let mut names = Vec::new();
        for member in members {
            let path = checked_path(&member)?;
            names.push(member.name());
            if member.name().is_folder() {
                extraction.folders.push(path);
            } else {
                extraction.files.push((member, path));
            }
        }
        check_places(names)?;
        for (member, _) in &extraction.files {
            member.check_readable()?;
        }
        Ok(extraction)
    }
}

impl Contents {
    /// Returns the path of each entry below the folder that is extracted to.
    ///
    /// # Errors
    /// As [`Extraction::of`].
    pub fn extraction(&self) -> Result<Extraction<'_>, ResultZipError> {
        Extraction::of(self.entries())
    }

    /// Requires that [`Self::extraction`] can be made and each file read to its end: all that
    /// opening the result into a folder would find out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_all(&self, progress: &dyn Fn(u64)) -> Result<(), ResultZipError> {
        for (member, _) in self.extraction()?.files {
            io::copy(&mut member.open()?, &mut Counting(progress))?;
        }
        Ok(())
    }
}

/// Takes bytes, and tells how many.
pub(super) struct Counting<'a>(pub(super) &'a dyn Fn(u64));

impl io::Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn checked_path(member: &Member<'_>) -> Result<PathBuf, ResultZipError> {
    let name = member.name();
    if member.is_symlink() {
        return Err(name.refused("is a symbolic link"));
    }
    let path = name.safe_path()?;
    if path.as_os_str().len() > LONGEST_PATH || path.iter().any(|it| it.len() > LONGEST_NAME) {
        return Err(name.refused("has a name that is too long for a file system"));
    }
    if path.iter().count() > DEEPEST {
        return Err(name.refused("is nested in too many folders"));
    }
    if path.iter().map(Path::new).any(is_temporary) {
        return Err(name.refused("has the name of a temporary file"));
    }
    Ok(path)
}

/// Requires that nothing is there twice, and no file where a folder has to be.
fn check_places(mut names: Vec<EntryName<'_>>) -> Result<(), ResultZipError> {
    names.sort_unstable_by(|one, other| by_components(place(one), place(other)));
    for pair in names.windows(2) {
        let [one, other] = pair else { continue };
        let rest = place(other).strip_prefix(place(one));
        let clash = match rest {
            Some([]) => true,
            // What is in a file.
            Some([b'/', ..]) => !one.is_folder(),
            _ => false,
        };
        if clash {
            return Err(other.refused("is there twice, or both as a file and as a folder"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(names: &[&str]) -> bool {
        let names = names.iter().map(|name| EntryName(name.as_bytes()));
        check_places(names.collect()).is_err()
    }

    #[test]
    fn what_is_in_the_way_of_another_is_found_wherever_it_stands() {
        for names in [
            &["x", "x/"][..],
            &["x/y", "x"],
            &["x", "x!", "x-y", "x/y"],
            &["x", "a", "x!/b", "z", "x/y/z"],
            &["a/b/c", "a/b"],
            &["a/", "a/b/", "a/b"],
        ] {
            assert!(clash(names), "{names:?}");
        }
        for names in [
            &["x/", "x/y"][..],
            &["x/y", "x/"],
            &["x", "xy/", "x!", "x.y/z"],
            &["a/b/c", "a/b/d", "a/c"],
            &[],
        ] {
            assert!(!clash(names), "{names:?}");
        }
    }
}
