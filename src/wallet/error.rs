use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::address::{Address, AddressError};

/// Why a file is not read as a wallet. Nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The file is not JSON.
    #[error("{path:?} is not a wallet: its JSON is broken at line {line}, column {column}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line of the first error.
        line: usize,
        /// The column of the first error.
        column: usize,
    },
    /// The file is JSON of another kind.
    #[error("{path:?} is not a wallet: it is JSON, but no object")]
    NotAnObject {
        /// The file.
        path: PathBuf,
    },
    /// A field is not what it should be.
    #[error("the `{field}` of the wallet {path:?} {problem}")]
    Field {
        /// The file.
        path: PathBuf,
        /// The name of the field.
        field: &'static str,
        /// The fault.
        problem: &'static str,
    },
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
    /// The file that was named cannot be read.
    #[error("cannot read the wallet {path:?}: {source}")]
    Named {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A wallet file is not the JSON it should be.
    #[error(transparent)]
    Content(#[from] ContentError),
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
    /// The file and the address that were named do not belong together.
    #[error("the wallet {path:?} is that of {inside}, and not of {given}, which was given")]
    NotThatOf {
        /// The file.
        path: PathBuf,
        /// The address that the file names.
        inside: Address,
        /// The given address.
        given: Address,
    },
    /// Several wallets are there, and nothing says which one is meant.
    #[error("{keystore:?} holds several wallets, and no date says which is the newest:{}", listed(.there))]
    Several {
        /// The keystore folder.
        keystore: PathBuf,
        /// The addresses in the names of the files.
        there: Vec<Address>,
    },
    /// The given address is the zero address.
    #[error("the given address is refused: {0}")]
    Given(AddressError),
}

fn listed(addresses: &[Address]) -> String {
    let line = |address: &Address| format!("\n  {address}");
    addresses.iter().map(line).collect()
}
