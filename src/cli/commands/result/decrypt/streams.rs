//! An archive from stdin, and a result to stdout.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::pipe::fcntl_setpipe_size;

use crate::archive::{Archive, ArchiveError, Limits};

/// Bytes that wait in the pipe that an archive or a result goes through: what Linux grants everybody.
/// Fewer turns between its two ends; what is no pipe, or may not grow, stays as it is.
const PIPE: usize = 1024 * 1024;

/// Opens an archive by its path, or from stdin for `-`.
pub(in super::super) fn open_archive(
    path: &Path,
    spool: &Path,
    limits: &Limits,
) -> Result<Archive, ArchiveError> {
    if path == Path::new("-") {
        let _ = fcntl_setpipe_size(io::stdin(), PIPE);
        return Archive::from_stream(io::stdin().lock(), spool, limits);
    }
    Archive::open(path, limits)
}

/// The standard output without the buffer that cuts what it is given at ends of lines.
pub(super) fn open_stdout() -> io::Result<File> {
    let _ = fcntl_setpipe_size(io::stdout(), PIPE);
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}
