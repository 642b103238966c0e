//! Archives, and what becomes of them.

use super::*;

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
    says(archive(&ambiguous), "the one wrapped key and body");
    let many = Error::TooManyFiles {
        folder: self::path(),
        most: 7,
    };
    says(archive(&many), "the folder itself");
    let length = Error::WrappedKeyLength { len: 7 };
    says(archive(&length), "not made by an iExec enclave");
    says(archive(&Error::NotEncrypted), "the result itself: unzip it");
    let zips = "0xab.zip".into();
    says(
        archive(&Error::HoldsZips { zips }),
        "unzip it and pass that archive",
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
    says(decrypt(&no_entry), "the exact name");
    let plain = Error::Archive(ArchiveError::NotEncrypted);
    says(decrypt(&plain), "the result itself: unzip it");
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
        (ErrorKind::BrokenPipe, "reads the output has ended"),
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
