//! Each error: words of its hint, or none where the error itself says what to do.

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
    let begins = first(hint) || ["--", "docs/"].iter().any(|it| hint.starts_with(it));
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
fn hints_of_archives() {
    use ArchiveError as Error;
    let (path, source, reason) = (path(), full(), reason());
    let io = Error::Io { path, source };
    says(archive(&io), "you may read it");
    let (path, source) = (self::path(), full());
    says(archive(&Error::Spool { path, source }), "TMPDIR");
    says(archive(&Error::NotAFile { path: self::path() }), "pipe it");
    let instead = Some("gzip");
    says(
        archive(&Error::NotAZip { instead }),
        "the zip that was downloaded",
    );
    let truncated = Error::Truncated {
        reason: reason.clone(),
    };
    says(archive(&truncated), "Download it again");
    let malformed = Error::Malformed {
        reason: reason.clone(),
    };
    says(archive(&malformed), "Download it again");
    let packed = Error::Packed {
        entry: "aes-key.rsa".into(),
        how: "compressed with bzip2".into(),
    };
    says(archive(&packed), "Unzip it with the program");
    let missing = Error::Missing {
        found: "aes-key.rsa".into(),
        missing: "iexec_out.zip.aes".into(),
    };
    says(archive(&missing), "the downloaded zip unchanged");
    let lone = Error::LoneBody {
        body: self::path(),
        missing: "aes-key.rsa".into(),
    };
    says(archive(&lone), "downloaded zip");
    let ambiguous = Error::Ambiguous { reason };
    says(archive(&ambiguous), "the folder of the one that you mean");
    let many = Error::TooManyFiles {
        folder: self::path(),
        most: 7,
    };
    says(archive(&many), "the folder itself");
    let length = Error::WrappedKeyLength { len: 7 };
    says(archive(&length), "not made by an iExec enclave");
    says(archive(&Error::NotEncrypted), "already plain");
    let zips = "0xab.zip".into();
    says(
        archive(&Error::HoldsZips { zips }),
        "take it out and pass that",
    );
    let large = Error::TooLarge {
        what: "body (bytes)",
        limit: 7,
    };
    says(archive(&large), "--max-size or --max-entries");
}

#[test]
fn hints_of_decrypting() {
    type Error = DecryptError<fmt::Error>;
    says(decrypt(&Error::CannotDecrypt), "iexec-hsm result inspect");
    let damaged = Damaged { reason: "bad" };
    says(decrypt(&Error::Damaged(damaged)), "Download it again");
    says(decrypt(&Error::Read(full())), "the disk or the pipe");
    says(decrypt(&Error::TooLarge { limit: 7 }), "--max-size");
    says(decrypt(&Error::OverLimit(reason())), "--max-entries");
    let unsafe_name = Error::UnsafeName {
        name: "../x".into(),
        reason: "leads out".into(),
    };
    says(decrypt(&unsafe_name), "without --extract");
    let unreadable = Error::Unreadable {
        name: "x".into(),
        how: "compressed with bzip2".into(),
    };
    says(decrypt(&unreadable), "into a zip");
    let no_entry = Error::NoSuchEntry {
        name: "x".into(),
        there: "which holds y".into(),
    };
    says(decrypt(&no_entry), "matched exactly");
    let plain = Error::Archive(ArchiveError::NotEncrypted);
    says(decrypt(&plain), "already plain");
    let exists = Error::Output(OutputError::Exists(path()));
    says(decrypt(&exists), "--force");
    let random = NoRandomness(getrandom::Error::UNSUPPORTED);
    says(decrypt(&Error::Random(random)), "Run it again");
    says(decrypt(&Error::Keys(fmt::Error)), "");
}

#[test]
fn hints_of_output() {
    says(output(&OutputError::Exists(path())), "--force");
    let folder = OutputError::NotAFile {
        path: path(),
        reason: "it is a folder",
    };
    says(output(&folder), "--output -");
    for (kind, words) in [
        (ErrorKind::StorageFull, "Make room on the disk"),
        (ErrorKind::QuotaExceeded, "Make room on the disk"),
        (ErrorKind::BrokenPipe, "was to read it has ended"),
        (ErrorKind::PermissionDenied, "can be written to"),
    ] {
        let (path, source) = (path(), kind.into());
        says(output(&OutputError::Io { path, source }), words);
    }
}

#[test]
fn hints_of_encrypting() {
    use EncryptError as Error;
    let (path, source) = (path(), full());
    says(encrypt(&Error::Read { path, source }), "you may read it");
    let exists = OutputError::Exists(self::path());
    says(encrypt(&Error::Output(exists)), "--force");
    says(encrypt(&Error::Seal(SealError::Io(full()))), "the disk");
    says(encrypt(&Error::Zip(full().into())), "the disk");
    let no_key = PublicKeyError::Damaged("no DER");
    says(encrypt(&Error::Wrap(no_key)), "key export");
    says(encrypt(&Error::Name(self::path())), "UTF-8");
    let (path, reason) = (self::path(), self::reason());
    says(
        encrypt(&Error::NotOpened { path, reason }),
        "put it into a folder",
    );
    let unsafe_name = Error::UnsafeName {
        path: self::path(),
        name: "../x".into(),
        reason: self::reason(),
    };
    says(encrypt(&unsafe_name), "Rename it");
    says(encrypt(&Error::OverLimit(self::reason())), "--max-size");
    says(encrypt(&Error::KeySize { bits: 2056 }), "2048");
}

#[test]
fn hints_of_files_of_a_beneficiary() {
    use KeyFileError as Error;
    const MAKE: &str = "generate-encryption-keypair";
    let missing = || FileError::Missing { path: path() };
    let (path, source) = (path(), full());
    says(file(&missing()), MAKE);
    says(file(&missing()), "--beneficiary-keystoredir");
    says(file(&FileError::Read { path, source }), "its permissions");
    let (path, source) = (self::path(), full());
    says(file(&FileError::Write { path, source }), "");
    says(key_file(&missing().into()), MAKE);
    says(public_key_file(&missing().into()), MAKE);
    says(backup(&missing().into()), MAKE);

    let path = self::path;
    const IMPORT: &str = "`iexec-hsm result import-encryption-key /keys/0x_key`";
    let uri_error = |source| Error::Uri {
        path: path(),
        source,
    };
    for (error, words) in [
        (Error::SoftwareKey { path: path() }, IMPORT),
        (Error::WouldDestroySoftwareKey { path: path() }, IMPORT),
        (Error::NotAReference { path: path() }, "key list"),
        (Error::SaysHow { path: path() }, "--key"),
        (uri_error(UriError::PinValue), "--pin-file"),
        (uri_error(UriError::Type), ""),
        (Error::WouldReplaceUnknown { path: path() }, ""),
    ] {
        says(key_file(&error), words);
    }
    let key = |source| PublicKeyFileError::Key {
        path: path(),
        source,
    };
    says(
        public_key_file(&key(PublicKeyError::Damaged("no DER"))),
        "key export",
    );
    let other = BackupError::NotASoftwareKey { path: path() };
    says(backup(&other), "");
}

#[test]
fn hints_of_looking_for_a_wallet() {
    use LocateError as Error;
    let none = Error::NotFound {
        wallet_json: path(),
        keystore: path(),
    };
    let none_for = Error::NoFileFor {
        address: address_of(1),
        keystore: path(),
    };
    let unreadable = Error::Read {
        path: path(),
        source: full(),
    };
    let disagree = Error::Disagree {
        path: path(),
        named: address_of(1),
        inside: address_of(2),
    };
    let no_address = Error::Address {
        path: path(),
        source: AddressError::NotHexadecimal,
    };
    let not_that_of = Error::NotThatOf {
        path: path(),
        inside: address_of(1),
        given: address_of(2),
    };
    let several = Error::Several {
        keystore: path(),
        there: vec![address_of(1), address_of(2)],
    };
    let named = Error::Named {
        path: path(),
        source: full(),
    };
    for (error, words) in [
        (none, "--wallet-file"),
        (none_for, "--keystoredir"),
        (Error::NoHome, "Set HOME"),
        (unreadable, "permissions"),
        (Error::Content(broken_json()), "--wallet-file"),
        (not_that_of, "Leave one of the two out"),
        (several, "--wallet-address"),
        (named, "--keystoredir"),
        (Error::NoAddress { path: path() }, "--wallet-address"),
        (disagree, "--wallet-address"),
        (no_address, ""),
        (Error::Given(AddressError::Zero), ""),
    ] {
        says(locate(&error), words);
    }
}

#[test]
fn hints_of_a_wallet_file() {
    use WalletFileError as Error;
    let disagree = Error::Disagree {
        path: path(),
        named: address_of(1),
        held: address_of(2),
    };
    let unreadable = Error::Read {
        path: path(),
        source: full(),
    };
    let no_address = Error::Address {
        path: path(),
        source: AddressError::NotHexadecimal,
    };
    let keystore = Error::Keystore {
        path: path(),
        source: KeystoreError::Version,
    };
    let private_key = Error::PrivateKey {
        path: path(),
        source: PrivateKeyError::NotHexadecimal,
    };
    for (error, words) in [
        (Error::Content(broken_json()), "--wallet-file"),
        (Error::NoKey { path: path() }, "--wallet-file"),
        (disagree, "Do not use it"),
        (unreadable, "its permissions"),
        (no_address, ""),
        (keystore, ""),
        (private_key, ""),
    ] {
        says(wallet_file(&error), words);
    }
}

#[test]
fn the_source_of_an_address_has_its_name_here() {
    assert_eq!(origin(&AddressOrigin::Given), "--wallet-address");
    let variable = origin(&AddressOrigin::Environment);
    assert_eq!(variable, "IEXEC_HSM_WALLET_KEY");
    let plain = origin(&AddressOrigin::WalletJson(path()));
    assert_eq!(plain, r#"wallet file "/keys/0x_key""#);
}

#[test]
fn hints_of_a_connection_to_the_sms() {
    use HttpError as Error;
    let (service, reason) = ("the SMS", reason());
    let origin = origin_of_sms;
    let url = Error::Url {
        service,
        reason: "it is no URL",
    };
    let plain = Error::Plain {
        origin: origin(),
        exposed: "read along",
    };
    let setup = Error::Setup {
        service,
        reason: reason.clone(),
    };
    let dns = Error::Dns {
        host: "sms".into(),
        reason: reason.clone(),
    };
    let tls = Error::Tls {
        origin: origin(),
        reason: reason.clone(),
    };
    let connect = Error::Connect {
        origin: origin(),
        reason: reason.clone(),
    };
    let broken = Error::Broken {
        origin: origin(),
        reason,
    };
    let redirected = Error::Redirected {
        origin: origin(),
        to: "https://other".into(),
    };
    let refused = Error::ConnectionRefused { origin: origin() };
    let timeout = Error::Timeout { origin: origin() };
    let not_http = Error::NotHttp { origin: origin() };
    let in_circles = Error::TooManyRedirects { origin: origin() };
    for (error, words) in [
        (url, "--sms-url"),
        (plain, "--insecure-http"),
        (setup, "ca-certificates"),
        (dns, "proxy settings"),
        (refused, "nothing was stored"),
        (tls, "this machine's clock"),
        (connect, "nothing was stored"),
        (timeout, "Nothing was stored"),
        (broken, "Nothing was stored"),
        (not_http, "that of an SMS"),
        (redirected, "If you trust that server"),
        (in_circles, "that of an SMS"),
    ] {
        says(sms(&error.into()), words);
    }
}

#[test]
fn hints_of_the_sms() {
    use SmsError as Error;
    let (origin, text, retry_after) = (origin_of_sms, reason, None);
    let unexpected = |status| Error::Unexpected {
        origin: origin(),
        status,
        text: text(),
    };
    let timeout = HttpError::Timeout { origin: origin() };
    let unknown = Error::Unknown {
        cause: Box::new(timeout.into()),
    };
    let there = Error::AlreadyPublished {
        owner: address_of(1),
        name: "key".into(),
    };
    let maintenance = Error::Maintenance {
        text: text(),
        retry_after,
    };
    let server = |status| Error::Server {
        status,
        text: text(),
    };
    let not_found = Error::NotFound { origin: origin() };
    let not_allowed = Error::MethodNotAllowed { origin: origin() };
    for (error, words) in [
        (Error::Signature, "Sign the challenge again"),
        (unexpected(200), "that of an SMS"),
        (unexpected(418), "that of an SMS"),
        (unknown, "Push again"),
        (there, "--force-update"),
        (Error::BadRequest { text: text() }, "an SMS of this version"),
        (Error::Unauthorized, "Sign with the wallet"),
        (not_found, "with the path in front"),
        (not_allowed, "with the path in front"),
        (Error::Conflict, "report it to iExec"),
        (Error::TooLarge, "at most 4096 bits"),
        (Error::RateLimited { retry_after }, "try again later"),
        (maintenance, "try again later"),
        (server(500), "try again later"),
        (server(501), "try again later"),
    ] {
        says(sms(&error), words);
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
    ] {
        says(chain(&error), words);
    }
    assert_eq!(
        chain(&not_in_file(&["1", "mine"])),
        r#"Choose one of "1", "mine" with --chain, or add this one there under "chains"."#
    );
}
