//! Reading and replacing the small files of the folder.

use std::fs::Permissions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::file::temporary::{self, Temporaries, TemporaryFile};
use crate::file::{named, small};

/// Why a file of the folder could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no such file.
    #[error("{path:?} does not exist")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file exists but cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// What stands there is no file that could be replaced. A retry helps once it is moved away.
    #[error("{path:?} is not replaced: {source}")]
    NotReplaced {
        /// The path.
        path: PathBuf,
        /// What it is.
        source: io::Error,
    },
    /// The file cannot be written; what stood there before still does.
    #[error("cannot write {path:?}: {source}; check the folder's permissions and the free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// Reads a file that may hold a private key.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    small::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => FileError::Missing { path: path.into() },
        _ => FileError::Read {
            path: path.into(),
            source,
        },
    })
}

/// Replaces a file by one with this content and mode 0644, all of it or nothing. Makes its folder.
pub(super) fn write_atomic(
    temporaries: &Temporaries,
    path: &Path,
    content: &[u8],
) -> Result<(), FileError> {
    prepare(temporaries, path, content)?.persist()
}

/// Refuses a path at which something else than a file stands.
pub(super) fn check_replaceable(path: &Path) -> Result<(), FileError> {
    let (Ok(folder), Some(name)) = (named::open(named::folder_of(path)), path.file_name()) else {
        // There is nothing yet, or writing will say what is wrong.
        return Ok(());
    };
    temporary::check_replaceable(&folder, name).map_err(|source| FileError::NotReplaced {
        path: path.into(),
        source,
    })
}

/// A complete file beside its final name. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Prepared {
    file: TemporaryFile,
    path: PathBuf,
}

/// Writes a file with this content and mode 0644, but not yet under its name. Makes its folder.
pub(super) fn prepare(
    temporaries: &Temporaries,
    path: &Path,
    content: &[u8],
) -> Result<Prepared, FileError> {
    match write_beside(temporaries, path, content) {
        Ok(file) => Ok(Prepared {
            file,
            path: path.into(),
        }),
        Err(source) => Err(FileError::Write {
            path: path.into(),
            source,
        }),
    }
}

impl Prepared {
    /// The final name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, replacing what is there.
    pub(super) fn persist(self) -> Result<(), FileError> {
        let Self { file, path } = self;
        file.publish(true)
            .map_err(|source| FileError::Write { path, source })
    }
}

fn write_beside(
    temporaries: &Temporaries,
    path: &Path,
    content: &[u8],
) -> io::Result<TemporaryFile> {
    named::make(named::folder_of(path))?;
    let mut pending = temporaries.file(path)?;
    pending.file().write_all(content)?;
    pending
        .file()
        .set_permissions(Permissions::from_mode(0o644))?;
    // A full disk must show now, and not when both files of an address get their names.
    pending.file().sync_all()?;
    Ok(pending)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_file_brings_its_folders_and_leaves_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(".secrets/beneficiary");
        let path = folder.join("file");
        for content in ["first", "second"] {
            write_atomic(&Temporaries::default(), &path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(mode(&path), 0o644);
        assert_eq!(
            (mode(&folder), mode(folder.parent().unwrap())),
            (0o700, 0o700)
        );
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(matches!(
            write_atomic(&Temporaries::default(), &path, b"x"),
            Err(FileError::Write { .. })
        ));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_file_has_its_own_error() {
        assert!(matches!(
            read(Path::new("/nonexistent/key")),
            Err(FileError::Missing { .. })
        ));
    }
}
