//! The address of a wallet file, encrypted or plain. Nothing is unlocked.

use std::path::Path;

use super::address::Address;
use super::content::Content;
use super::error::LocateError;
use super::sign::Wallet as _;
use super::software::SoftwareWallet;
use crate::file::small;

/// Reads the `address` field, and where there is none takes the address of a plain private key;
/// `None` where only the key behind the password tells it.
pub(super) fn read_address(path: &Path) -> Result<Option<Address>, LocateError> {
    let text = small::read(path).map_err(|source| LocateError::Read {
        path: path.into(),
        source,
    })?;
    let content = Content::parse(path, &text)?;
    let named = content.address().map_err(|source| LocateError::Address {
        path: path.into(),
        source,
    })?;
    Ok(named.or_else(|| {
        let wallet = SoftwareWallet::from_text(content.private_key()?.as_bytes());
        wallet.ok().map(|wallet| wallet.address())
    }))
}
