//! The address inside a wallet file, encrypted or plain. Nothing is unlocked.

use std::path::Path;

use serde::Deserialize;

use super::address::Address;
use super::locate::LocateError;
use crate::small_file;

/// The one field of interest. Others, a private key among them, are skipped and never copied.
#[derive(Deserialize)]
struct WalletFile {
    address: Option<String>,
}

/// Reads the `address` field; `None` where the file has none.
pub(super) fn read_address(path: &Path) -> Result<Option<Address>, LocateError> {
    let content = small_file::read(path).map_err(|source| LocateError::Read {
        path: path.into(),
        source,
    })?;
    // The parser's own message may quote the file.
    let wallet: WalletFile =
        serde_json::from_slice(&content).map_err(|error| LocateError::Json {
            path: path.into(),
            line: error.line(),
            column: error.column(),
        })?;
    let parse = |text: String| Address::parse_beneficiary(&text);
    let address = wallet.address.map(parse).transpose();
    address.map_err(|source| LocateError::Address {
        path: path.into(),
        source,
    })
}
