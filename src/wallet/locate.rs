//! The address of the user's iExec wallet, found as the iExec SDK finds it, without unlocking anything.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::address::{Address, AddressError};
use super::error::LocateError;
use super::keystore::KeystoreFile;
use super::{address_field, keystore};

/// The plain wallet of a working directory.
const WALLET_JSON: &str = "wallet.json";

/// The folder of encrypted wallets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "PathBuf")]
#[non_exhaustive]
pub enum KeystoreDir {
    /// The folder that Ethereum programs share on this system.
    #[default]
    Global,
    /// The working directory.
    Local,
    /// Another folder; relative to the working directory.
    Path(PathBuf),
}

/// Reads the option's value: `global`, `local` or a path.
impl From<PathBuf> for KeystoreDir {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some("global") => Self::Global,
            Some("local") => Self::Local,
            _ => Self::Path(path),
        }
    }
}

/// The user's settings about the wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WalletOptions {
    /// A file in the keystore folder, or an absolute path.
    pub wallet_file: Option<PathBuf>,
    /// The address itself.
    pub wallet_address: Option<Address>,
    /// The address of the private key in the environment.
    pub environment: Option<Address>,
    /// The folder of encrypted wallets.
    pub keystore_dir: KeystoreDir,
}

/// The source of an address. Displayed, it completes "using the address of …".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressOrigin {
    /// The user gave the address.
    Given,
    /// The private key in the environment is its key.
    Environment,
    /// The plain wallet of the working directory.
    WalletJson(PathBuf),
    /// A file in the keystore.
    KeystoreFile(PathBuf),
}

impl fmt::Display for AddressOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => write!(f, "the given address"),
            Self::Environment => write!(f, "the private key in the environment"),
            Self::WalletJson(path) => write!(f, "wallet file {path:?}"),
            Self::KeystoreFile(path) => write!(f, "keystore file {path:?}"),
        }
    }
}

/// An address and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Located {
    /// The address; never the zero address.
    pub address: Address,
    /// The source of the address.
    pub origin: AddressOrigin,
}

/// A wallet file that was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundWallet {
    /// The path.
    pub path: PathBuf,
    /// The address that it names, or what is wrong with it.
    pub address: Result<Address, LocateError>,
}

/// Finds the beneficiary's address, in the SDK's order: the file that is named, the given address,
/// `wallet.json` in the working directory, the newest file in the keystore. A key in the
/// environment, which the SDK does not know, comes before what just lies there.
///
/// More differs from the SDK. A given address needs no file, for nothing is signed here, and counts
/// where the file that is named tells none; one that the file contradicts is refused. And where
/// nothing is found there is no address, where the SDK would go on with the zero address.
///
/// In `wallet.json` the `address` field counts. Whether the `privateKey` beside it belongs to that
/// address is not checked here: it shows when the key is used to sign.
///
/// # Errors
/// [`LocateError`].
pub fn locate(
    options: &WalletOptions,
    home: Option<&Path>,
    cwd: &Path,
) -> Result<Located, LocateError> {
    if let Some(path) = named_file(options, home, cwd)? {
        return in_named_file(path, options.wallet_address);
    }
    if let Some(address) = options.wallet_address {
        return given(address);
    }
    if let Some(address) = options.environment {
        return Ok(Located {
            address,
            origin: AddressOrigin::Environment,
        });
    }
    let wallet_json = cwd.join(WALLET_JSON);
    if wallet_json.exists() {
        return in_wallet_json(wallet_json);
    }
    let keystore = keystore_folder(&options.keystore_dir, home, cwd)?;
    match keystore::newest(&keystore)? {
        Some(path) => in_keystore(path),
        None => Err(LocateError::NotFound {
            wallet_json,
            keystore,
        }),
    }
}

/// The file that can sign for what [`locate`] found: the one that the address came from. For an
/// address that was given it is the file that is named, else the newest file of that address in the
/// keystore, as with the SDK, else a `wallet.json` of that address, or of none that it tells.
///
/// # Errors
/// When there is none.
pub fn file_of(
    located: &Located,
    options: &WalletOptions,
    home: Option<&Path>,
    cwd: &Path,
) -> Result<PathBuf, LocateError> {
    if let Some(path) = named_file(options, home, cwd)? {
        return Ok(path);
    }
    if let AddressOrigin::WalletJson(path) | AddressOrigin::KeystoreFile(path) = &located.origin {
        return Ok(path.clone());
    }
    let address = located.address;
    let keystore = keystore_folder(&options.keystore_dir, home, cwd)?;
    if let Some(path) = keystore::newest_of(&keystore, address)? {
        return Ok(path);
    }
    let wallet_json = cwd.join(WALLET_JSON);
    match address_field::read_address(&wallet_json) {
        Ok(found) if found.is_none_or(|found| found == address) => Ok(wallet_json),
        _ => Err(LocateError::NoFileFor { address, keystore }),
    }
}

/// Every wallet file here: `wallet.json` of the working directory and the files of the keystore,
/// the newest first, each with its address or why it has none.
///
/// # Errors
/// When the keystore folder is unknown or cannot be read.
pub fn every_file(
    options: &WalletOptions,
    home: Option<&Path>,
    cwd: &Path,
) -> Result<Vec<FoundWallet>, LocateError> {
    let mut files = Vec::new();
    let wallet_json = cwd.join(WALLET_JSON);
    if wallet_json.exists() {
        let located = in_wallet_json(wallet_json.clone());
        files.push(FoundWallet {
            path: wallet_json,
            address: located.map(|it| it.address),
        });
    }
    let keystore = keystore_folder(&options.keystore_dir, home, cwd)?;
    for KeystoreFile { path, .. } in keystore::files(&keystore)? {
        let address = keystore::address_of(&path);
        files.push(FoundWallet { path, address });
    }
    Ok(files)
}

fn given(address: Address) -> Result<Located, LocateError> {
    if address == Address::from([0; 20]) {
        return Err(LocateError::Given(AddressError::Zero));
    }
    Ok(Located {
        address,
        origin: AddressOrigin::Given,
    })
}

fn in_wallet_json(path: PathBuf) -> Result<Located, LocateError> {
    match address_field::read_address(&path)? {
        Some(address) => Ok(Located {
            address,
            origin: AddressOrigin::WalletJson(path),
        }),
        None => Err(LocateError::NoAddress { path }),
    }
}

/// The path of the file that is named.
fn named_file(
    options: &WalletOptions,
    home: Option<&Path>,
    cwd: &Path,
) -> Result<Option<PathBuf>, LocateError> {
    match &options.wallet_file {
        // An absolute path needs no keystore folder, hence no home.
        Some(file) if file.is_absolute() => Ok(Some(file.clone())),
        Some(file) => {
            let keystore = keystore_folder(&options.keystore_dir, home, cwd)?;
            Ok(Some(keystore.join(file)))
        }
        None => Ok(None),
    }
}

fn in_named_file(path: PathBuf, address: Option<Address>) -> Result<Located, LocateError> {
    match (in_keystore(path.clone()), address) {
        (Err(LocateError::NoAddress { .. }), Some(address)) => given(address),
        (Ok(found), Some(given)) if found.address != given => Err(LocateError::NotThatOf {
            path,
            inside: found.address,
            given,
        }),
        (Err(LocateError::Read { source, .. }), _) => Err(LocateError::Named { path, source }),
        (found, _) => found,
    }
}

fn in_keystore(path: PathBuf) -> Result<Located, LocateError> {
    let address = keystore::address_of(&path)?;
    Ok(Located {
        address,
        origin: AddressOrigin::KeystoreFile(path),
    })
}

fn keystore_folder(
    keystore: &KeystoreDir,
    home: Option<&Path>,
    cwd: &Path,
) -> Result<PathBuf, LocateError> {
    match keystore {
        KeystoreDir::Global => {
            let home = home.ok_or(LocateError::NoHome)?;
            Ok(keystore::global_folder(std::env::consts::OS, home))
        }
        KeystoreDir::Local => Ok(cwd.to_owned()),
        KeystoreDir::Path(path) => Ok(cwd.join(path)),
    }
}

#[cfg(test)]
mod tests;
