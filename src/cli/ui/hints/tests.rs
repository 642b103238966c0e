//! Each error: words of its hint, or none where the error itself says what to do.

mod results;
mod sms;
mod wallets;

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::*;
use crate::archive::Damaged;
use crate::chain::TeeFramework;
use crate::envelope::{NoRandomness, PublicKeyError, SealError};
use crate::wallet::ContentError;
use crate::wallet::address::{Address, AddressError};
use crate::wallet::keystore_v3::KeystoreError;
use crate::wallet::software::PrivateKeyError;

/// Asserts that a hint is a sentence with these words; no words are those of no hint.
#[track_caller]
pub(super) fn says(hint: impl AsRef<str>, words: &str) {
    let hint = hint.as_ref();
    if words.is_empty() {
        return assert_eq!(hint, "");
    }
    assert!(hint.contains(words), "{hint:?} without {words:?}");
    let first = |it: &str| it.starts_with(|first: char| first.is_ascii_uppercase() || first == '`');
    let begins = first(hint) || hint.starts_with("--");
    assert!(begins && hint.ends_with('.'), "{hint:?}");
}

pub(super) fn path() -> PathBuf {
    "/keys/0x_key".into()
}

pub(super) fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn origin_of_sms() -> String {
    "https://sms".into()
}

fn reason() -> String {
    "words of the system".into()
}

fn address_of(last: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[19] = last;
    Address::from(bytes)
}

fn broken_json() -> ContentError {
    ContentError::Json {
        path: path(),
        line: 1,
        column: 1,
    }
}

#[test]
fn hints_of_uris() {
    for (error, words) in [
        (UriError::Scheme, "token list"),
        (UriError::PinValue, "--pin-file"),
        (UriError::PinCommand, "--pin-file"),
        (UriError::PinSource, "--pin-file"),
        (UriError::NotAnAttribute, ""),
        (UriError::SlotId, ""),
    ] {
        says(uri(&error), words);
    }
}

#[test]
fn hints_of_chains() {
    use ChainError as Error;
    let name = || "other".to_owned();
    let not_in_file = |there: &[&str]| Error::NotInFile {
        name: name(),
        there: there.iter().map(|&it| it.into()).collect(),
    };
    let no_sms_for = Error::NoSmsFor {
        framework: TeeFramework::Tdx,
        chain: name(),
    };
    let unreadable = Error::Read {
        path: path(),
        source: full(),
    };
    let twice = Error::Ambiguous {
        id: "134".into(),
        names: vec!["a".into(), "b".into()],
    };
    let no_json = Error::Json {
        path: path(),
        line: 1,
        column: 1,
        problem: reason(),
    };
    let wrong = Error::Wrong {
        path: path(),
        key: "default".into(),
        problem: reason(),
    };
    for (error, words) in [
        (Error::NoFile, "Go to the folder that has it"),
        (Error::NoFile, "bellecour"),
        (Error::NoDefault, "--chain"),
        (not_in_file(&[]), "under \"chains\""),
        (Error::NotKnown { name: name() }, "bellecour"),
        (Error::NoSms { chain: name() }, "--sms-url"),
        (no_sms_for, "--tee-framework"),
        (unreadable, "move it away"),
        (twice, r#""a", "b""#),
        (no_json, ""),
        (wrong, ""),
        (Error::NoHost { chain: name() }, ""),
        (Error::NoIpfsGateway { chain: name() }, "--ipfs-gateway"),
    ] {
        says(chain(&error), words);
    }
    assert_eq!(
        chain(&not_in_file(&["1", "mine"])),
        r#"Choose one of "1", "mine" with --chain, or add this one there under "chains"."#
    );
}
