//! The keystore folder that Ethereum programs share, and the names of the files in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::address::Address;
use super::address_field::read_address;
use super::error::LocateError;
use crate::text::hex;

/// The folder in which the programs of an operating system (as [`std::env::consts::OS`] calls it) keep encrypted wallets.
pub(super) fn global_folder(os: &str, home: &Path) -> PathBuf {
    match os {
        "linux" => home.join(".ethereum/keystore"),
        "macos" => home.join("Library/Ethereum/keystore"),
        "windows" => home.join("AppData/Roaming/Ethereum/keystore"),
        _ => home.to_owned(),
    }
}

/// The newest file of this address; a folder that does not exist has none.
pub(super) fn newest_of(folder: &Path, address: Address) -> Result<Option<PathBuf>, LocateError> {
    let is_its = |file: &KeystoreFile| is(&file.address, address);
    let found = files(folder)?.into_iter().find(is_its);
    Ok(found.map(|file| file.path))
}

/// The newest file; one without a date only where it is the only file.
pub(super) fn newest(folder: &Path) -> Result<Option<PathBuf>, LocateError> {
    let mut files = files(folder)?;
    if files.len() > 1 && files[0].date.is_none() {
        let digits = files.iter().map(|file| file.address.to_lowercase());
        let mut there: Vec<Address> = digits.filter_map(|it| it.parse().ok()).collect();
        there.sort_unstable();
        return Err(LocateError::Several {
            keystore: folder.into(),
            there,
        });
    }
    files.truncate(1);
    Ok(files.pop().map(|file| file.path))
}

/// A file with an address in its name.
pub(super) struct KeystoreFile {
    pub(super) path: PathBuf,
    date: Option<String>,
    address: String,
}

/// The files with an address in their names, the newest first, and those without a date last.
pub(super) fn files(folder: &Path) -> Result<Vec<KeystoreFile>, LocateError> {
    let unreadable = |source| LocateError::Read {
        path: folder.into(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let parts = name.to_str().and_then(keystore_name);
        files.extend(parts.map(|(date, address)| KeystoreFile {
            path: folder.join(&name),
            date: date.map(str::to_owned),
            address: address.to_owned(),
        }));
    }
    // Of two files with one date, the name decides, so that every run picks the same.
    files.sort_unstable_by(|one, other| (&other.date, &other.path).cmp(&(&one.date, &one.path)));
    Ok(files)
}

/// Whether these digits, in any letter case, are the address.
fn is(digits: &str, address: Address) -> bool {
    digits.to_lowercase().parse() == Ok(address)
}

/// The address of one keystore file, from its content and its name, which must agree.
pub(super) fn address_of(path: &Path) -> Result<Address, LocateError> {
    let inside = read_address(path)?;
    let named = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(address_part);
    let named = named.map(Address::parse_beneficiary).transpose();
    let named = named.map_err(|source| LocateError::Address {
        path: path.into(),
        source,
    })?;
    match (inside, named) {
        (Some(inside), Some(named)) if inside != named => Err(LocateError::Disagree {
            path: path.into(),
            named,
            inside,
        }),
        (Some(address), _) | (None, Some(address)) => Ok(address),
        (None, None) => Err(LocateError::NoAddress { path: path.into() }),
    }
}

/// The address in the name of a keystore file.
pub(super) fn address_part(name: &str) -> Option<&str> {
    keystore_name(name).map(|(_, address)| address)
}

/// Date and address of a name: `*--<date>--<address>`, to which some programs add `.json`, or
/// `<address>.json`, as iExec's `iapp` writes it.
fn keystore_name(name: &str) -> Option<(Option<&str>, &str)> {
    let (date, address) = match name.split_once("--") {
        Some((_, rest)) => {
            let (date, address) = rest.split_once("--")?;
            (Some(date), address.strip_suffix(".json").unwrap_or(address))
        }
        None => (None, name.strip_suffix(".json")?),
    };
    let digits = hex::without_prefix(address.as_bytes());
    let is_address = digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit);
    is_address.then_some((date, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_its_folder() {
        let folder = |os| global_folder(os, Path::new("/home/a"));
        assert_eq!(folder("linux"), Path::new("/home/a/.ethereum/keystore"));
        assert_eq!(
            folder("macos"),
            Path::new("/home/a/Library/Ethereum/keystore")
        );
        assert_eq!(
            folder("windows"),
            Path::new("/home/a/AppData/Roaming/Ethereum/keystore")
        );
        assert_eq!(folder("freebsd"), Path::new("/home/a"));
    }

    #[test]
    fn names_end_in_an_address_behind_a_date_or_alone() {
        let address = "7ef5a6135f1fd6a02593eedc869c6d41d934aef8";
        let date = "2016-03-22T12-57-55.920751759Z";
        for end in ["", ".json"] {
            assert_eq!(
                keystore_name(&format!("UTC--{date}--{address}{end}")),
                Some((Some(date), address))
            );
        }
        for bare in [address.to_owned(), format!("0x{address}")] {
            let name = format!("{bare}.json");
            assert_eq!(keystore_name(&name), Some((None, bare.as_str())));
        }
        for other in [
            address,
            "wallet.json",
            "UTC--2016--undefined",
            "UTC--2016--",
        ] {
            assert_eq!(keystore_name(other), None, "{other}");
        }
        assert_eq!(keystore_name(&format!("UTC--{date}--{address}~")), None);
    }
}
