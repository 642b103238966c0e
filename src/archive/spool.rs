//! A temporary copy of an archive that comes through a pipe.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::format::begins_like_zip;
use super::{ArchiveError, Limits};

const CHUNK: usize = 256 * 1024;

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
    let mut buffer = vec![0; CHUNK];
    let mut len = fill(&mut reader, &mut buffer)?;
    // Looked at before all of it is copied, in case something else is piped in.
    if !begins_like_zip(&buffer[..len]) {
        return Err(ArchiveError::NotAZip);
    }
    let mut spool = tempfile::tempfile_in(folder).map_err(write_error)?;
    let mut total = 0;
    while len > 0 {
        total += len as u64;
        if total > limits.max_archive() {
            return Err(ArchiveError::TooLarge {
                what: "size of the archive in bytes",
                limit: limits.max_archive(),
            });
        }
        spool.write_all(&buffer[..len]).map_err(write_error)?;
        len = fill(&mut reader, &mut buffer)?;
    }
    Ok(spool)
}

/// Fills the buffer as far as the stream goes.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ArchiveError::io("-")(error)),
        }
    }
    Ok(len)
}
