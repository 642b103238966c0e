use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::address::{Address, AddressError};

/// A wallet file that is not the JSON it should be. Nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path:?} is not a wallet: its JSON is broken at line {line}, column {column}")]
#[non_exhaustive]
pub struct BrokenJson {
    /// The file.
    pub path: PathBuf,
    /// The line of the first error.
    pub line: usize,
    /// The column of the first error.
    pub column: usize,
}

impl BrokenJson {
    /// The place of an error. The parser's own message may quote the file.
    pub(super) fn new(path: &Path, error: &serde_json::Error) -> Self {
        Self {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Why no address was found. Nothing of a wallet's content is shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LocateError {
    /// There is no wallet at all.
    #[error("no wallet found: {wallet_json:?} does not exist and {keystore:?} holds no wallet")]
    NotFound {
        /// The plain wallet that was looked for.
        wallet_json: PathBuf,
        /// The keystore folder that was looked into.
        keystore: PathBuf,
    },
    /// No wallet of the given address is there.
    #[error("No wallet file matching address {address} found in {keystore:?}")]
    NoFileFor {
        /// The address.
        address: Address,
        /// The keystore folder that was looked into.
        keystore: PathBuf,
    },
    /// The keystore folder is below the home folder, which is unknown.
    #[error("the home folder is unknown, so the keystore cannot be found")]
    NoHome,
    /// A file or folder cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A wallet file is not the JSON it should be.
    #[error(transparent)]
    Json(#[from] BrokenJson),
    /// A wallet file names no address.
    #[error("the wallet {path:?} holds no `address`")]
    NoAddress {
        /// The file.
        path: PathBuf,
    },
    /// A wallet file names something that is no address.
    #[error("the wallet {path:?} names no usable address: {source}")]
    Address {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: AddressError,
    },
    /// The address in the name of a keystore file is not the one in the file.
    #[error("the wallet {path:?} is named for {named} but holds {inside}")]
    Disagree {
        /// The file.
        path: PathBuf,
        /// The address in its name.
        named: Address,
        /// The address in its content.
        inside: Address,
    },
    /// The given address is the zero address.
    #[error("the given address is refused: {0}")]
    Given(AddressError),
}
