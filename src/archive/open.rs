//! Opening an archive, whatever form it has.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};

use super::archive::Archive;
use super::file_id::FileId;
use super::{ArchiveError, Limits, folder, spool, zipped};
use crate::file::{Spooled, regular};

impl Archive {
    /// Opens a zip, a folder that one was unzipped into, or the `.aes` file in such a folder.
    ///
    /// # Errors
    /// [`ArchiveError`] when it cannot be read, is no encrypted result, or passes `limits`.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, ArchiveError> {
        let path = path.as_ref();
        // Asked before opening, because opening a pipe would wait for its writer.
        let kind = std::fs::metadata(path).map_err(ArchiveError::io(path))?;
        if kind.is_dir() {
            return folder::open(path, limits);
        }
        if !kind.is_file() {
            return Err(ArchiveError::NotAFile { path: path.into() });
        }
        if path.extension().is_some_and(|extension| extension == "aes") {
            return folder::open_body(path, limits);
        }
        let file = regular::open(path).map_err(ArchiveError::io(path))?;
        // Most of it is read from the beginning to the end. It is only advice.
        let _ = fadvise(&file, 0, None, Advice::Sequential);
        let id = FileId::of(&file.metadata().map_err(ArchiveError::io(path))?);
        let mut archive = zipped::open(Arc::new(file), path, limits)?;
        archive.inputs.push(id);
        Ok(archive)
    }

    /// Opens a zip in a file that need not have a name; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_file(file: File, name: &Path, limits: &Limits) -> Result<Self, ArchiveError> {
        zipped::open(Arc::new(file), name, limits)
    }

    /// Opens a zip in a temporary file, which can be decrypted once: what was read of it gives its room to the result.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_temporary(file: File, name: &Path, limits: &Limits) -> Result<Self, ArchiveError> {
        zipped::open(Arc::new(Spooled(file)), name, limits)
    }

    /// Opens a zip that comes through a pipe.
    ///
    /// A zip is read from its end, so it is first copied, as it is and so still encrypted, into a
    /// file without a name in `spool_dir`. As of any temporary one, see [`Archive::from_temporary`], the room goes to the
    /// result when it is decrypted.
    ///
    /// # Errors
    /// As [`Archive::open`]; [`ArchiveError::Spool`] when the copy cannot be kept.
    pub fn from_stream(
        reader: impl Read,
        spool_dir: &Path,
        limits: &Limits,
    ) -> Result<Self, ArchiveError> {
        let file = spool::copy(reader, spool_dir, limits)?;
        Self::from_temporary(file, Path::new("-"), limits)
    }
}
