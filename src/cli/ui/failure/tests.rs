use std::io;

use super::*;
use crate::archive::{ArchiveError, Damaged};
use crate::decrypt::{DecryptError, OutputError};
use crate::encrypt::EncryptError;
use crate::envelope::{NoRandomness, PemError, PublicKeyError, SealError};
use crate::token::{SoftwareKeyError, TokenError};

const PLAIN: TextLayout = TextLayout {
    width: None,
    colour: false,
};

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

/// Asserts an exit status and a hint that is a sentence.
#[track_caller]
fn is(failure: impl Into<Failure>, code: Code) {
    let failure = failure.into();
    assert_eq!(failure.code, code, "{}", failure.message);
    let hint = &failure.hint;
    let sentence = hint.ends_with('.')
        && hint.starts_with(|first: char| first.is_ascii_uppercase() || first == '`');
    assert!(sentence, "{}: {hint}", failure.message);
}

#[test]
fn failures_of_decrypting_end_as_documented() {
    type Error = DecryptError<TokenError>;
    let unreadable = Error::Unreadable {
        name: "x".into(),
        how: "compressed with bzip2".into(),
    };
    is(unreadable, Code::NotAnArchive);
    let no_entry = Error::NoSuchEntry {
        name: "x".into(),
        there: "which holds y".into(),
    };
    is(no_entry, Code::NotAnArchive);
    is(Error::CannotDecrypt, Code::CannotDecrypt);
    is(
        Error::Damaged(Damaged { reason: "bad" }),
        Code::NotAnArchive,
    );
    let unsafe_name = Error::UnsafeName {
        name: "../x".into(),
        reason: "leads out".into(),
    };
    is(unsafe_name, Code::NotAnArchive);
    is(Error::TooLarge { limit: 7 }, Code::TooLarge);
    is(Error::OverLimit("too many".into()), Code::TooLarge);
    is(Error::Read(full()), Code::IoFailed);
    is(
        Error::Random(NoRandomness(getrandom::Error::UNSUPPORTED)),
        Code::Failed,
    );
    is(
        Error::Keys(TokenError::PinBlocked("mine".into())),
        Code::PinBlocked,
    );
}

#[test]
fn failures_of_output_end_as_documented() {
    is(OutputError::Exists("out".into()), Code::OutputExists);
    let folder = OutputError::NotAFile {
        path: "out".into(),
        reason: "it is a folder",
    };
    is(folder, Code::OutputExists);
    let io = |kind: io::ErrorKind| OutputError::Io {
        path: "out".into(),
        source: kind.into(),
    };
    is(io(io::ErrorKind::StorageFull), Code::IoFailed);
    is(io(io::ErrorKind::BrokenPipe), Code::IoFailed);
    is(io(io::ErrorKind::PermissionDenied), Code::IoFailed);
}

#[test]
fn failures_of_sealing_end_as_documented() {
    let unreadable = EncryptError::Read {
        path: "result".into(),
        source: full(),
    };
    is(unreadable, Code::IoFailed);
    is(EncryptError::Seal(SealError::Io(full())), Code::IoFailed);
    is(EncryptError::Zip(full().into()), Code::IoFailed);
    is(EncryptError::Name("a\u{fffd}".into()), Code::Failed);
    let (path, reason) = ("a.zip".into(), "it is cut".into());
    is(EncryptError::NotOpened { path, reason }, Code::NotAnArchive);
    let unsafe_name = EncryptError::UnsafeName {
        path: "a.zip".into(),
        name: "../x".into(),
        reason: "leads out".into(),
    };
    is(unsafe_name, Code::NotAnArchive);
    is(
        EncryptError::OverLimit("it is large".into()),
        Code::TooLarge,
    );
    is(EncryptError::KeySize { bits: 2056 }, Code::NotSupported);
    let no_key = PublicKeyError::Damaged("no DER");
    is(EncryptError::Wrap(no_key), Code::NotSupported);
    let exists = OutputError::Exists("out".into());
    is(EncryptError::Output(exists), Code::OutputExists);
}

#[test]
fn failures_of_importing_say_what_to_do() {
    for error in [
        SoftwareKeyError::Pem(PemError::None),
        SoftwareKeyError::Encrypted,
        SoftwareKeyError::Damaged("no DER"),
        SoftwareKeyError::Public(PublicKeyError::TooSmall { bits: 1024 }),
    ] {
        is(error, Code::NotSupported);
    }
}

#[test]
fn json_says_the_same_as_the_text() {
    let failure = Failure::new(Code::TooLarge, "it is too large").hint("Raise the limit.");
    assert_eq!(
        failure.text(&PLAIN),
        "error: it is too large\n hint: Raise the limit."
    );
    let narrow = TextLayout {
        width: Some(60),
        colour: false,
    };
    let listing = Failure::new(
        Code::Usage,
        "there are several tokens, and which of them is meant is not said:\n  pkcs11:token=a",
    );
    assert_eq!(
        listing.text(&narrow),
        "error: there are several tokens, and which of them is meant\n  is not said:\n  pkcs11:token=a"
    );
    let json = failure.of("a.zip").json("result decrypt");
    assert_eq!(json["ok"], false);
    assert_eq!(json["command"], "iexec-hsm result decrypt");
    assert_eq!(
        json["error"]["message"],
        "a.zip: it is too large. Raise the limit."
    );
    assert_eq!(json["error"]["code"], "too-large");
    assert_eq!(json["error"]["exit"], 24);
    let bare = Failure::new(Code::Failed, "it failed").json("key list");
    assert_eq!(bare["error"]["message"], "it failed");
}

#[test]
fn failures_of_archives_end_as_documented() {
    let path = || std::path::PathBuf::from("a.zip");
    let reason = || "it ends early".to_owned();
    for (error, exit) in [
        (
            ArchiveError::Io {
                path: path(),
                source: full(),
            },
            Code::IoFailed,
        ),
        (
            ArchiveError::Spool {
                path: path(),
                source: full(),
            },
            Code::IoFailed,
        ),
        (ArchiveError::NotAFile { path: path() }, Code::NotAnArchive),
        (ArchiveError::NotAZip { instead: None }, Code::NotAnArchive),
        (
            ArchiveError::HoldsZips {
                zips: "b.zip".into(),
            },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::Truncated { reason: reason() },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::Malformed { reason: reason() },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::Packed {
                entry: "aes-key.rsa".into(),
                how: reason(),
            },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::Ambiguous { reason: reason() },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::Missing {
                found: "aes-key.rsa".into(),
                missing: "iexec_out.zip.aes".into(),
            },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::LoneBody {
                body: path(),
                missing: "aes-key.rsa".into(),
            },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::TooManyFiles {
                folder: path(),
                most: 7,
            },
            Code::NotAnArchive,
        ),
        (
            ArchiveError::WrappedKeyLength { len: 7 },
            Code::NotAnArchive,
        ),
        (ArchiveError::NotEncrypted, Code::NotAnArchive),
        (
            ArchiveError::TooLarge {
                what: "body (bytes)",
                limit: 7,
            },
            Code::TooLarge,
        ),
    ] {
        is(error, exit);
    }
}
