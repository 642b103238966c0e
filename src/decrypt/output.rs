use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::types::Target;
use crate::archive::Archive;
use crate::file::named::{self, folder_of};
use crate::text::escape::Shown as _;

/// A failure to write a result. The file that stood there before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Something stands under the final name. A retry helps with another name, or with force.
    #[error("{} exists already", .0.shown())]
    Exists(PathBuf),
    /// The final name is not one of a regular file, or that of the archive itself. A retry helps
    /// with another name.
    #[error("{} cannot be the output: {reason}", .path.shown())]
    NotAFile {
        /// The final name.
        path: PathBuf,
        /// The reason.
        reason: &'static str,
    },
    /// Writing failed. A retry helps once the cause is gone.
    #[error("writing {} failed: {source}", .path.shown())]
    Io {
        /// The path that was to be written; `-` is the standard output.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl OutputError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            _ => Self::Io { path, source },
        }
    }
}

impl Target<'_> {
    /// Refuses a target that cannot be written or must not be, before any key is touched.
    /// [`super::decrypt`] does so, too; a program that asks for a PIN can do it before.
    ///
    /// # Errors
    /// When something stands there that is not to be replaced, or it is the archive itself.
    pub fn check(&self, archive: &Archive) -> Result<(), OutputError> {
        match self {
            Target::File { path, force } | Target::Entry { path, force, .. } => check_file(
                path,
                *force,
                |found| archive.is_file(found),
                "it is the archive",
            ),
            Target::Folder { path, .. } => check_folder(path),
            Target::Stream(_) | Target::EntryStream(..) | Target::Nowhere => Ok(()),
        }
    }
}

/// Refuses a folder that cannot be made or must not be, and one that is reached through a link of another user.
pub(crate) fn check_folder(path: &Path) -> Result<(), OutputError> {
    if fs::metadata(path).is_ok_and(|found| !found.is_dir()) {
        return Err(OutputError::Exists(path.to_owned()));
    }
    named::reach(path)
        .map(drop)
        .map_err(|error| OutputError::io(path, error))
}

/// Refuses a file that cannot be written or must not be: above all the input, which `is_input` tells, and
/// `input` names.
pub(crate) fn check_file(
    path: &Path,
    force: bool,
    is_input: impl FnOnce(&fs::Metadata) -> bool,
    input: &'static str,
) -> Result<(), OutputError> {
    let not_a_file = |reason| {
        Err(OutputError::NotAFile {
            path: path.to_owned(),
            reason,
        })
    };
    // Some of the way may have to be made.
    named::reach(folder_of(path)).map_err(|error| OutputError::io(path, error))?;
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => not_a_file("it is a folder"),
        Ok(found) if !found.is_file() => not_a_file("it is not a regular file"),
        Ok(found) if is_input(&found) => not_a_file(input),
        Ok(_) if path.is_symlink() => not_a_file("it is a link"),
        Ok(_) if !force => Err(OutputError::Exists(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => not_a_file("it is a link to nowhere"),
            Err(_) => Ok(()),
        },
        Ok(_) => Ok(()),
        Err(error) => Err(OutputError::io(path, error)),
    }
}
