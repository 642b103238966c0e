//! The public key file, which the iExec SDK can push as well.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::file::{self, FileError};
use crate::file::temporary::Temporaries;
use crate::text::pem::holds_private_key;

/// Why a public key file could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublicKeyFileError {
    /// The file is missing, or the system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not text.
    #[error("{path:?} is not a PEM file")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The file holds a private key, which must not be published.
    #[error(
        "{path:?} holds a private key, not a public one; look for the file that ends in `.pub`"
    )]
    PrivateKey {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the PEM text of a public key file. Whether it is a good key is for the caller to see.
///
/// # Errors
/// When it cannot be read, is no text, or holds a private key.
pub fn read(path: &Path) -> Result<String, PublicKeyFileError> {
    let content = file::read(path)?;
    if holds_private_key(&content) {
        return Err(PublicKeyFileError::PrivateKey { path: path.into() });
    }
    let text = str::from_utf8(&content);
    let text = text.map_err(|_| PublicKeyFileError::NotText { path: path.into() })?;
    Ok(text.to_owned())
}

/// Writes a public key file as it is given, mode 0644, all of it or nothing.
///
/// # Errors
/// [`FileError::Write`]; what stood there before still does.
pub fn write_atomic(path: &Path, pem: &str, temporaries: &Temporaries) -> Result<(), FileError> {
    file::write_atomic(temporaries, path, pem.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key.pub");
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        write_atomic(&path, pem, &Temporaries::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), pem);
        assert_eq!(read(&path).unwrap(), pem);
    }

    #[test]
    fn what_cannot_be_a_public_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key.pub");
        fs::write(&path, b"\xff").unwrap();
        assert!(matches!(
            read(&path),
            Err(PublicKeyFileError::NotText { .. })
        ));
        fs::write(&path, "-----BEGIN RSA PRIVATE KEY-----\n").unwrap();
        assert!(matches!(
            read(&path),
            Err(PublicKeyFileError::PrivateKey { .. })
        ));
        fs::write(&path, vec![b'A'; 64 * 1024 + 1]).unwrap();
        assert!(matches!(
            read(&path),
            Err(PublicKeyFileError::File(FileError::Read { .. }))
        ));
    }
}
