//! The public key file, which the iExec SDK can push as well.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::file::{self, FileError};
use crate::envelope::{PublicKey, PublicKeyError};
use crate::file::temporary::Temporaries;

/// Why a public key file could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublicKeyFileError {
    /// The file is missing, or the system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds no RSA public key, or something else beside it.
    #[error("{path:?}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: PublicKeyError,
    },
}

/// Reads a public key file, in any form that [`PublicKey::from_pem`] takes.
///
/// # Errors
/// When it cannot be read, or is no public key alone.
pub fn read(path: &Path) -> Result<PublicKey, PublicKeyFileError> {
    let content = file::read(path)?;
    PublicKey::from_pem(&*content).map_err(|source| PublicKeyFileError::Key {
        path: path.into(),
        source,
    })
}

/// Writes a public key file as it is given, mode 0644, all of it or nothing.
///
/// # Errors
/// [`FileError::Write`]; what stood there before still does.
pub fn write_atomic(path: &Path, pem: &str, temporaries: &Temporaries) -> Result<(), FileError> {
    file::write_atomic(temporaries, path, pem.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::fs;

    use super::*;

    use crate::envelope::PemError;

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key.pub");
        let key = PublicKey::from_components(&[0xC1; 256], &[1, 0, 1]).unwrap();
        let pem = key.to_pem().unwrap();
        write_atomic(&path, &pem, &Temporaries::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), pem);
        assert_eq!(read(&path).unwrap(), key);
    }

    #[test]
    fn what_cannot_be_a_public_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key.pub");
        let refused = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            read(&path).unwrap_err()
        };
        let key = |error| match error {
            PublicKeyFileError::Key { source, .. } => source,
            other => panic!("{other}"),
        };
        let binary = key(refused(b"\xff"));
        assert!(matches!(binary, PublicKeyError::Pem(PemError::Binary)));
        let private = key(refused(b"-----BEGIN RSA PRIVATE KEY-----\n"));
        assert!(matches!(private, PublicKeyError::Private));
        let large = refused(&[b'A'; 64 * 1024 + 1]);
        assert!(matches!(
            large,
            PublicKeyFileError::File(FileError::Read { .. })
        ));
    }
}
