//! Wallet files that can sign: encrypted keystores, and the plain `wallet.json`.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::address::{Address, AddressError};
use super::content::Content;
use super::error::ContentError;
use super::keystore;
use super::keystore_v3::{Keystore, KeystoreError};
use super::sign::Wallet as _;
use super::software::{PrivateKeyError, SoftwareWallet};
use crate::file::{regular, small};

/// The content of a wallet file.
#[derive(Debug)]
#[non_exhaustive]
pub enum WalletFile {
    /// A private key that nothing protects but the file's permissions.
    Plain(SoftwareWallet),
    /// A private key behind a password.
    Encrypted(Keystore),
}

/// A wallet file that every user of the machine can read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposed {
    /// The file.
    pub path: PathBuf,
    /// The permissions.
    pub mode: u32,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode } = self;
        write!(
            f,
            "every user of this machine can read the wallet {path:?} (mode {mode:03o}); set its mode to 600"
        )
    }
}

/// Why a wallet file cannot sign. Nothing of its content is shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WalletFileError {
    /// The file cannot be read.
    #[error("cannot read the wallet {path:?}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not the JSON that it should be.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The file holds no key.
    #[error("the wallet {path:?} holds neither `crypto` nor `privateKey`, so it cannot sign")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The file names something that is no address.
    #[error("the wallet {path:?} names no usable address: {source}")]
    Address {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: AddressError,
    },
    /// The name and its content name two addresses, or its key is that of another address.
    #[error("the wallet {path:?} is for {named}, but what it holds is for {held}")]
    Disagree {
        /// The file.
        path: PathBuf,
        /// The address that it names.
        named: Address,
        /// The address of its key, or in its content.
        held: Address,
    },
    /// The encrypted wallet in it is not usable.
    #[error("the wallet {path:?} cannot be used: {source}")]
    Keystore {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: KeystoreError,
    },
    /// The plain private key in it is not usable.
    #[error("the `privateKey` of the wallet {path:?} cannot be used: {source}")]
    PrivateKey {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: PrivateKeyError,
    },
}

/// Reads a wallet file; with a warning when its permissions are too wide. The address that its name
/// or its content says must be the key's: here for a plain one, when it is unlocked for an
/// encrypted one.
///
/// # Errors
/// When it cannot be read, or is no wallet that can sign.
pub fn read(path: &Path) -> Result<(WalletFile, Option<Exposed>), WalletFileError> {
    let path_of = || path.to_owned();
    let unreadable = |source| WalletFileError::Read {
        path: path_of(),
        source,
    };
    let file = regular::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    let text = small::read_opened(file).map_err(unreadable)?;
    let exposed = (mode & 0o004 != 0).then(|| Exposed {
        path: path_of(),
        mode,
    });
    Ok((parse(path, &text)?, exposed))
}

/// Reads the content of the file at `path`.
pub(crate) fn parse(path: &Path, text: &[u8]) -> Result<WalletFile, WalletFileError> {
    let content = Content::parse(path, text)?;
    let address = address(path, &content)?;
    if let Some(crypto) = &content.crypto {
        return Keystore::new(content.version.as_ref(), crypto, address)
            .map(WalletFile::Encrypted)
            .map_err(|source| WalletFileError::Keystore {
                path: path.to_owned(),
                source,
            });
    }
    let Some(text) = content.private_key() else {
        return Err(WalletFileError::NoKey {
            path: path.to_owned(),
        });
    };
    let wallet = SoftwareWallet::from_text(text.as_bytes());
    let wallet = wallet.map_err(|source| WalletFileError::PrivateKey {
        path: path.to_owned(),
        source,
    })?;
    agree(path, address, Some(wallet.address()))?;
    Ok(WalletFile::Plain(wallet))
}

/// The address that the file's name and its content say.
fn address(path: &Path, content: &Content<'_>) -> Result<Option<Address>, WalletFileError> {
    let unusable = |source| WalletFileError::Address {
        path: path.to_owned(),
        source,
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let named = name.and_then(keystore::address_part).map(str::parse);
    let named = named.transpose().map_err(unusable)?;
    let inside = content.address().map_err(unusable)?;
    agree(path, named, inside)?;
    Ok(inside.or(named))
}

fn agree(
    path: &Path,
    named: Option<Address>,
    held: Option<Address>,
) -> Result<(), WalletFileError> {
    match (named, held) {
        (Some(named), Some(held)) if named != held => Err(WalletFileError::Disagree {
            path: path.to_owned(),
            named,
            held,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
