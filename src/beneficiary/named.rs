//! The addresses that the names of files hold, however often they were copied and renamed.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::KEY;
use crate::wallet::address::{Address, AddressError};

/// Digits of an address.
const DIGITS: usize = 40;

/// The addresses in the name of a file: 40 digits with `0x` before or `_key` behind them, as in
/// `Copy of 0x…_key` and `0x…_key.software.pem`.
///
/// # Errors
/// When one of them is mistyped, or is the zero address.
pub fn addresses_in_name(path: &Path) -> Result<BTreeSet<Address>, AddressError> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let mut addresses = BTreeSet::new();
    let mut at = 0;
    for run in name.split_inclusive(|byte| !byte.is_ascii_hexdigit()) {
        let end = at + run.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
        let has_prefix = name[..at].ends_with(b"0x") || name[..at].ends_with(b"0X");
        let is_key = has_prefix || name[end..].starts_with(KEY.as_bytes());
        if end - at == DIGITS && is_key {
            let digits = String::from_utf8_lossy(&name[at..end]);
            addresses.insert(Address::parse_beneficiary(&digits)?);
        }
        at += run.len();
    }
    Ok(addresses)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ONE: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    const TWO: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

    fn found(name: &str) -> Vec<String> {
        let addresses = addresses_in_name(Path::new(name)).unwrap();
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_is_found_wherever_it_stands() {
        let digits = &ONE[2..];
        for name in [
            format!("{ONE}_key"),
            format!("/keys/{TWO}_key/{ONE}_key.pub"),
            format!("{ONE}_key.software-1.pem"),
            format!("Copy of {ONE}_key"),
            format!("old-{ONE}"),
            format!("{}_key (1)", ONE.to_lowercase()),
            format!("0X{}.pem", digits.to_uppercase()),
            format!("{digits}_key~"),
            format!("a{ONE}_{ONE}"),
        ] {
            assert_eq!(found(&name), [ONE], "{name}");
        }
        assert_eq!(found(&format!("{ONE} and {TWO}")), [ONE, TWO]);
    }

    #[test]
    fn other_digits_are_no_address() {
        let digits = &ONE[2..];
        for name in [
            String::new(),
            "/".into(),
            "key.pem".into(),
            format!("{digits}.pem"),
            format!("{ONE}00_key"),
            format!("0x{}_key", &digits[1..]),
            format!("00{digits}_key"),
            format!("{digits}_keys").replace("_k", "-k"),
        ] {
            assert_eq!(found(&name), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn a_mistyped_address_is_named() {
        let swapped = ONE.replace("aA", "Aa");
        let error = addresses_in_name(Path::new(&format!("{swapped}_key"))).unwrap_err();
        assert_eq!(error, AddressError::Checksum);
        let zero = format!("0x{}_key", "0".repeat(40));
        let error = addresses_in_name(Path::new(&zero)).unwrap_err();
        assert_eq!(error, AddressError::Zero);
    }
}
