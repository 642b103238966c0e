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

/// The newest file named `*--<date>--<address>`, of this address if one is given; a folder that
/// does not exist has none.
pub(super) fn newest(
    folder: &Path,
    address: Option<Address>,
) -> Result<Option<PathBuf>, LocateError> {
    let of_address = |path: &PathBuf| {
        let named = path
            .file_name()
            .and_then(|name| address_part(name.to_str()?));
        address.is_none_or(|wanted| named.is_some_and(|named| is(named, wanted)))
    };
    Ok(files(folder)?.into_iter().find(of_address))
}

/// The files named `*--<date>--<address>`, the newest first.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, LocateError> {
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
        let dated = name
            .to_str()
            .and_then(|name| Some((date_part(name)?.to_owned(), name.to_owned())));
        files.extend(dated);
    }
    // Of two files with one date, the name decides, so that every run picks the same.
    files.sort_unstable_by(|one, other| other.cmp(one));
    let paths = files.into_iter().map(|(_, name)| folder.join(name));
    Ok(paths.collect())
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

fn date_part(name: &str) -> Option<&str> {
    keystore_name(name).map(|(date, _)| date)
}

/// The address in the name of a keystore file.
pub(super) fn address_part(name: &str) -> Option<&str> {
    keystore_name(name).map(|(_, address)| address)
}

fn keystore_name(name: &str) -> Option<(&str, &str)> {
    let (_, rest) = name.split_once("--")?;
    let (date, address) = rest.split_once("--")?;
    // Some programs add the extension.
    let address = address.strip_suffix(".json").unwrap_or(address);
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
    fn names_have_three_parts_and_end_in_an_address() {
        let address = "7ef5a6135f1fd6a02593eedc869c6d41d934aef8";
        let date = "2016-03-22T12-57-55.920751759Z";
        for end in ["", ".json"] {
            assert_eq!(
                keystore_name(&format!("UTC--{date}--{address}{end}")),
                Some((date, address))
            );
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
