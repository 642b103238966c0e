//! A temporary copy of an archive that comes through a pipe.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::Path;

use super::zip::{begins_like_zip, other_format};
use super::{ArchiveError, Limits};

/// Bytes that tell a zip.
const SIGNATURE: u64 = 4;

/// Copies a stream into a file without a name.
pub(super) fn copy(
    mut reader: impl Read,
    folder: &Path,
    limits: &Limits,
) -> Result<File, ArchiveError> {
    let write_error = |source| ArchiveError::Spool {
        path: folder.into(),
        source,
    };
    // Looked at before all of it is copied, in case something else is piped in.
    let mut signature = Vec::new();
    reader
        .by_ref()
        .take(SIGNATURE)
        .read_to_end(&mut signature)
        .map_err(ArchiveError::io("-"))?;
    if !begins_like_zip(&signature) {
        return Err(ArchiveError::NotAZip {
            instead: other_format(&signature),
        });
    }
    let mut spool = tempfile::tempfile_in(folder).map_err(write_error)?;
    spool.write_all(&signature).map_err(write_error)?;
    let room = limits.max_archive().saturating_sub(SIGNATURE);
    // From a pipe to a file the kernel moves the bytes by itself.
    let copied = io::copy(&mut reader.take(room.saturating_add(1)), &mut spool);
    match copied {
        Ok(count) if count > room => Err(ArchiveError::TooLarge {
            what: "size of the archive in bytes",
            limit: limits.max_archive(),
        }),
        Ok(_) => Ok(spool),
        Err(error) if is_of_writing(&error) => Err(write_error(error)),
        Err(error) => Err(ArchiveError::io("-")(error)),
    }
}

/// Whether the error is one of writing: the copy does not say which of its two sides failed.
fn is_of_writing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::ReadOnlyFilesystem
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Broken, Interrupted};
    use super::*;
    use crate::file::ReadAt as _;

    fn copied(reader: impl Read) -> Result<u64, ArchiveError> {
        let limits = Limits {
            max_entries: 10,
            max_size: 1000,
        };
        let folder = tempfile::tempdir().unwrap();
        copy(reader, folder.path(), &limits).map(|file| file.len().unwrap())
    }

    #[test]
    fn an_archive_may_be_as_large_as_the_limit_and_no_larger() {
        let of = |len: u64| b"PK\x03\x04".chain(io::repeat(0)).take(len);
        let limit = 1000 + 1000 / 64 + 32 * 1024 * 1024;
        assert_eq!(copied(of(limit)).unwrap(), limit);
        for len in [limit + 1, limit + 1_000_000] {
            assert!(copied(of(len)).unwrap_err().is_too_large(), "{len}");
        }
    }

    #[test]
    fn a_read_that_a_signal_interrupts_is_tried_again() {
        let zip = [&b"PK\x03\x04"[..], &[7; 1_000_000]].concat();
        assert_eq!(copied(Interrupted::new(&zip[..])).unwrap(), 1_000_004);
    }

    struct Failing(ErrorKind);

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
    }

    #[test]
    fn what_only_writing_meets_is_told_of_the_copy() {
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
            ErrorKind::ReadOnlyFilesystem,
        ] {
            let error = copied(b"PK\x03\x04".chain(Failing(kind))).unwrap_err();
            assert!(matches!(error, ArchiveError::Spool { .. }), "{error}");
        }
    }

    #[test]
    fn a_pipe_that_fails_is_reported() {
        for begin in [&b""[..], b"PK\x03\x04"] {
            let error = copied(begin.chain(Broken)).unwrap_err();
            assert!(matches!(error, ArchiveError::Io { .. }), "{error}");
        }
    }
}
