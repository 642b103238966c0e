//! The key file: which key on which token belongs to an address.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::file::{self, FileError};
use super::key_pem;
use crate::file::temporary::Temporaries;
use crate::text::pem::holds_private_key;
use crate::token::uri::{Uri, UriError};

/// A reference to a key on a token. It holds no secret, and says nothing of PIN or module: a file
/// in a project folder must not choose what code is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    uri: Uri,
}

/// Why a key file could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file is missing, or the system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file to read holds a software private key.
    #[error("{path:?} holds a private key in software, not a reference to a token")]
    SoftwareKey {
        /// The file.
        path: PathBuf,
    },
    /// The file to write holds a software private key, which would be lost.
    #[error(
        "{path:?} holds a private key in software, which would be lost with every result sealed for it"
    )]
    WouldDestroySoftwareKey {
        /// The file.
        path: PathBuf,
    },
    /// The file to write holds something unknown, perhaps a key in another form.
    #[error(
        "{path:?} exists and is not a key reference, so it is not replaced; look what it is and move it away"
    )]
    WouldReplaceUnknown {
        /// The file.
        path: PathBuf,
    },
    /// The file to read is something else, or damaged.
    #[error("{path:?} is not a key reference, or is damaged")]
    NotAReference {
        /// The file.
        path: PathBuf,
    },
    /// The URI in the file is wrong.
    #[error("the key reference {path:?} is wrong: {source}")]
    Uri {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: UriError,
    },
    /// The URI in the file says how to reach the key.
    #[error("the key reference {path:?} names a module or a PIN file, which it must not decide")]
    SaysHow {
        /// The file.
        path: PathBuf,
    },
}

impl KeyFile {
    /// A reference to the key that a URI names. The URI's query part is left out.
    pub fn new(uri: &Uri) -> Self {
        Self {
            uri: uri.identity(),
        }
    }

    /// The URI that names the key.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read, is anything but a key reference, or says how to reach the key.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        Self::parse(path, &file::read(path)?)
    }

    /// Reads the content of the file at `path`.
    pub(crate) fn parse(path: &Path, content: &[u8]) -> Result<Self, KeyFileError> {
        if holds_private_key(content) {
            return Err(KeyFileError::SoftwareKey { path: path.into() });
        }
        let text = key_pem::decode(content);
        let text = text.ok_or_else(|| KeyFileError::NotAReference { path: path.into() })?;
        let uri: Uri = text.parse().map_err(|source| KeyFileError::Uri {
            path: path.into(),
            source,
        })?;
        if uri != uri.identity() {
            return Err(KeyFileError::SaysHow { path: path.into() });
        }
        Ok(Self { uri })
    }

    /// Writes the key file, all of it or nothing. Only another key reference is ever replaced.
    ///
    /// # Errors
    /// When something else stands there, or writing fails; what stood there before still does.
    pub fn write_atomic(&self, path: &Path, temporaries: &Temporaries) -> Result<(), KeyFileError> {
        Self::check_replaceable(path)?;
        file::write_atomic(temporaries, path, self.text().as_bytes())?;
        Ok(())
    }

    /// The content of the file.
    pub(crate) fn text(&self) -> String {
        key_pem::encode(&self.uri.to_string())
    }

    /// Refuses a file that is anything but another key reference.
    pub(super) fn check_replaceable(path: &Path) -> Result<(), KeyFileError> {
        file::check_replaceable(path)?;
        match file::read(path) {
            Err(FileError::Missing { .. }) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(content) if holds_private_key(&content) => {
                Err(KeyFileError::WouldDestroySoftwareKey { path: path.into() })
            }
            Ok(content) if content.is_empty() || key_pem::is_reference(&content) => Ok(()),
            Ok(_) => Err(KeyFileError::WouldReplaceUnknown { path: path.into() }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const URI: &str = "pkcs11:token=a;serial=0042;object=iexec;type=private;id=%01%02";

    fn key_path() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0x_key");
        (folder, path)
    }

    #[test]
    fn a_key_file_survives_a_round_trip_without_its_query() {
        let (_folder, path) = key_path();
        let with_query: Uri = format!("{URI}?pin-source=/run/pin&module-path=/m.so")
            .parse()
            .unwrap();
        let key_file = KeyFile::new(&with_query);
        for _ in 0..2 {
            key_file
                .write_atomic(&path, &Temporaries::default())
                .unwrap();
            assert_eq!(KeyFile::read(&path).unwrap(), key_file);
        }
        assert_eq!(key_file.uri().to_string(), URI);
        assert!(!fs::read_to_string(&path).unwrap().contains("/run"));
    }

    #[test]
    fn a_software_key_is_named_and_never_replaced() {
        let (_folder, path) = key_path();
        let key_file = KeyFile::new(&URI.parse().unwrap());
        let reference = key_pem::encode(URI);
        for label in [
            "PRIVATE KEY",
            "RSA PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "EC PRIVATE KEY",
        ] {
            let content =
                format!("{reference}-----BEGIN {label}-----\r\nAAAA\r\n-----END {label}-----\r\n");
            fs::write(&path, &content).unwrap();
            let error = KeyFile::read(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::SoftwareKey { .. }));
            let error = key_file
                .write_atomic(&path, &Temporaries::default())
                .unwrap_err();
            assert!(matches!(
                error,
                KeyFileError::WouldDestroySoftwareKey { .. }
            ));
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn what_is_unknown_is_not_replaced() {
        let (_folder, path) = key_path();
        let key_file = KeyFile::new(&URI.parse().unwrap());
        for content in [
            b"\x30\x82\x04\xa4\x02\x01\x00".as_slice(),
            b"{\"kty\":\"RSA\"}",
        ] {
            fs::write(&path, content).unwrap();
            assert!(matches!(
                KeyFile::read(&path),
                Err(KeyFileError::NotAReference { .. })
            ));
            assert!(matches!(
                key_file.write_atomic(&path, &Temporaries::default()),
                Err(KeyFileError::WouldReplaceUnknown { .. })
            ));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_damaged_reference_is_refused_and_can_be_replaced() {
        let (_folder, path) = key_path();
        let whole = key_pem::encode(URI);
        let damaged = &whole[..whole.len() - 30];
        for content in ["", damaged] {
            fs::write(&path, content).unwrap();
            assert!(matches!(
                KeyFile::read(&path),
                Err(KeyFileError::NotAReference { .. })
            ));
            KeyFile::new(&URI.parse().unwrap())
                .write_atomic(&path, &Temporaries::default())
                .unwrap();
            assert!(KeyFile::read(&path).is_ok());
        }
    }

    #[test]
    fn a_reference_decides_neither_module_nor_pin() {
        let (_folder, path) = key_path();
        for query in ["module-path=/m.so", "module-name=m", "pin-source=/run/pin"] {
            fs::write(&path, key_pem::encode(&format!("{URI}?{query}"))).unwrap();
            assert!(
                matches!(KeyFile::read(&path), Err(KeyFileError::SaysHow { .. })),
                "{query}"
            );
        }
        fs::write(&path, key_pem::encode(&format!("{URI}?pin-value=1234"))).unwrap();
        assert!(matches!(
            KeyFile::read(&path),
            Err(KeyFileError::Uri {
                source: UriError::PinValue,
                ..
            })
        ));
    }

    #[test]
    fn a_missing_key_file_is_told_from_a_damaged_one() {
        let (_folder, path) = key_path();
        let error = KeyFile::read(&path).unwrap_err();
        assert!(matches!(
            error,
            KeyFileError::File(FileError::Missing { .. })
        ));
    }
}
