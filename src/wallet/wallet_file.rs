//! The address inside a wallet file, encrypted or plain. Nothing is unlocked.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use super::address::Address;
use super::locate::LocateError;
use crate::file::small;

/// The one field of interest. Others, a private key among them, are skipped and never copied.
#[derive(Deserialize)]
struct WalletFile {
    address: Option<String>,
}

/// A wallet file that is not the JSON it should be. Nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path:?} is not a wallet: its JSON is broken at line {line}, column {column}")]
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

/// Reads the `address` field; `None` where the file has none.
pub(super) fn read_address(path: &Path) -> Result<Option<Address>, LocateError> {
    let content = small::read(path).map_err(|source| LocateError::Read {
        path: path.into(),
        source,
    })?;
    let wallet: WalletFile =
        serde_json::from_slice(&content).map_err(|error| BrokenJson::new(path, &error))?;
    let parse = |text: String| Address::parse_beneficiary(&text);
    let address = wallet.address.map(parse).transpose();
    address.map_err(|source| LocateError::Address {
        path: path.into(),
        source,
    })
}
