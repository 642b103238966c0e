//! Private keys in software, as the iExec SDK writes them: recognised, and kept from being lost.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use thiserror::Error;

use super::file::{self, FileError};
use crate::file::dir::Dir;
use crate::file::named;
use crate::text::pem::holds_private_key;

/// Why a software key could not be put aside. It is still where it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file is missing, or the system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is something else.
    #[error(
        "{path:?} holds no PEM private key, so there is nothing to put aside; name the file of the software key"
    )]
    NotASoftwareKey {
        /// The file.
        path: PathBuf,
    },
}

/// Renames a key file that holds a PEM private key to `<name>.software.pem`, or `-1`, `-2`, …
/// before the extension where that is taken, with mode 0600. Returns the new path.
///
/// # Errors
/// [`BackupError`]; the file is then still where it was.
pub fn backup_software_key(path: &Path) -> Result<PathBuf, BackupError> {
    if !holds_private_key(&file::read(path)?) {
        return Err(BackupError::NotASoftwareKey { path: path.into() });
    }
    let moved = put_aside(path).map_err(|source| FileError::Write {
        path: path.into(),
        source,
    })?;
    Ok(moved)
}

/// Moves the file itself: what a link leads to is left alone.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let folder = named::open(named::folder_of(path))?;
    let name = path.file_name().ok_or(ErrorKind::IsADirectory)?;
    let file = folder.open_file(name, OFlags::RDONLY)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    let free = claim_free_name(&folder, name)?;
    if let Err(error) = folder.rename(name.as_ref(), &folder, &free, true) {
        // The first error is the one to report.
        let _ = folder.remove_file(&free);
        return Err(error);
    }
    folder.sync()?;
    Ok(path.with_file_name(free))
}

/// Creates an empty file under the first free name. Only that file is replaced by the rename that
/// follows, so no other program's file can be.
fn claim_free_name(folder: &Dir, name: &OsStr) -> io::Result<OsString> {
    let mut suffix = ".software.pem".to_owned();
    for number in 1.. {
        let mut free = name.to_owned();
        free.push(&suffix);
        match folder.create(free.as_ref()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return created.map(|_| free),
        }
        suffix = format!(".software-{number}.pem");
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_software_key_is_put_aside_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key");
        for (number, end) in [".software.pem", ".software-1.pem", ".software-2.pem"]
            .iter()
            .enumerate()
        {
            let content = format!("{PEM}{number}");
            fs::write(&path, &content).unwrap();
            let moved = backup_software_key(&path).unwrap();
            assert_eq!(moved, folder.path().join(format!("0x_key{end}")));
            assert_eq!(fs::read_to_string(&moved).unwrap(), content);
            assert_eq!(
                fs::metadata(&moved).unwrap().permissions().mode() & 0o7777,
                0o600
            );
            assert!(!path.exists());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn anything_else_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key");
        assert!(matches!(
            backup_software_key(&path),
            Err(BackupError::File(FileError::Missing { .. }))
        ));
        fs::write(&path, "-----BEGIN PUBLIC KEY-----\n").unwrap();
        assert!(matches!(
            backup_software_key(&path),
            Err(BackupError::NotASoftwareKey { .. })
        ));
        assert!(path.exists());
    }
}
