//! The address inside a wallet file, encrypted or plain. Nothing is unlocked.

use std::path::Path;

use serde::Deserialize;

use super::address::Address;
use super::error::{BrokenJson, LocateError};
use crate::file::small;

/// The one field that counts. Others, a private key among them, are skipped and never copied.
#[derive(Deserialize)]
struct AddressField {
    address: Option<String>,
}

/// Reads the `address` field; `None` where the file has none.
pub(super) fn read_address(path: &Path) -> Result<Option<Address>, LocateError> {
    let content = small::read(path).map_err(|source| LocateError::Read {
        path: path.into(),
        source,
    })?;
    let wallet: AddressField =
        serde_json::from_slice(&content).map_err(|error| BrokenJson::new(path, &error))?;
    let parse = |text: String| Address::parse_beneficiary(&text);
    let address = wallet.address.map(parse).transpose();
    address.map_err(|source| LocateError::Address {
        path: path.into(),
        source,
    })
}
