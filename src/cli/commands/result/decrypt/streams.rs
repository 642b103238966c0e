//! An archive from stdin, and a result to a stream.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::pipe::fcntl_setpipe_size;

use crate::archive::{Archive, ArchiveError, Limits};
use crate::cli::context::Context;
use crate::cli::ui::progress::{Unit, Work};
use crate::file::OutputStream;

/// Bytes that wait in the pipe that an archive or a result goes through: what Linux grants everybody.
/// Fewer turns between its two ends; what is no pipe, or may not grow, stays as it is.
const PIPE: usize = 1024 * 1024;

/// Opens an archive by its path, or from stdin for `-`.
pub(in super::super) fn open_archive(
    context: &Context,
    path: &Path,
    spool: &Path,
    limits: &Limits,
) -> Result<Archive, ArchiveError> {
    if path == Path::new("-") {
        let _ = fcntl_setpipe_size(io::stdin(), PIPE);
        let progress = context.progress(Work::Read, Unit::Bytes);
        let stdin = io::stdin().lock();
        if !progress.is_shown() {
            // The kernel copies it by itself.
            return Archive::from_stream(stdin, spool, limits);
        }
        let archive = Archive::from_stream(progress.of_reading(stdin), spool, limits)?;
        progress.finish();
        return Ok(archive);
    }
    Archive::open(path, limits)
}

/// A stream without the buffer that cuts what the standard output is given at ends of lines.
pub(super) fn open_output(stream: OutputStream) -> io::Result<File> {
    let opened = stream.open()?;
    let _ = fcntl_setpipe_size(&opened, PIPE);
    Ok(opened)
}
