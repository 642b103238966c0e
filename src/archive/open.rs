//! Opening an archive, whatever form it has.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::body::BodySource;
use super::{
    ArchiveError, Body, BodyAt, CrcAt, Layout, Limits, Scheme, WrappedKey, folder, spool, zipped,
};

/// An encrypted result: a wrapped key and the body that its content key opens.
#[derive(Clone, Debug)]
pub struct Archive {
    pub(super) layout: Layout,
    pub(super) key: WrappedKey,
    pub(super) body: BodySource,
    pub(super) inputs: Vec<FileId>,
}

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
        let file = File::open(path).map_err(ArchiveError::io(path))?;
        let id = FileId::of(&file.metadata().map_err(ArchiveError::io(path))?);
        let mut archive = zipped::open(Arc::new(file), path, limits)?;
        archive.inputs.push(id);
        Ok(archive)
    }

    /// Opens a zip that comes through a pipe.
    ///
    /// A zip is read from its end, so it is first copied, as it is and so still encrypted, into a
    /// file without a name in `spool_dir`, which is gone when the archive is.
    ///
    /// # Errors
    /// As [`Archive::open`]; [`ArchiveError::Spool`] when the copy cannot be kept.
    pub fn from_stream(
        reader: impl Read,
        spool_dir: &Path,
        limits: &Limits,
    ) -> Result<Self, ArchiveError> {
        let file = spool::copy(reader, spool_dir, limits)?;
        zipped::open(Arc::new(file), Path::new("-"), limits)
    }

    /// What was found, and under which names.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The content key, encrypted.
    pub fn wrapped_key(&self) -> &WrappedKey {
        &self.key
    }

    /// The length of the body in bytes, as the archive declares it.
    pub fn body_len(&self) -> u64 {
        self.body.content.size
    }

    /// About how many bytes the result has: those of the body without base64.
    pub fn result_len(&self) -> u64 {
        match self.layout.scheme {
            Scheme::LegacyEcb => self.body_len() / 4 * 3,
            Scheme::Current | Scheme::Guide2019 => self.body_len(),
        }
    }

    /// A reader of the body, from its beginning. There can be several, one after the other or at
    /// the same time.
    pub fn body(&self) -> Body {
        self.body.open()
    }

    /// The body, at any place; `None` where it can only be read in order.
    pub(crate) fn body_at(&self) -> io::Result<Option<CrcAt<BodyAt>>> {
        let body = BodyAt::of(&self.body)?;
        let crc = self.body.has_crc.then_some(self.body.content.crc);
        Ok(body.map(|body| CrcAt::new(body, crc)))
    }

    /// Whether `other` is one of the files that this archive is read from, which must not be
    /// overwritten.
    pub fn is_file(&self, other: &Metadata) -> bool {
        self.inputs.contains(&FileId::of(other))
    }
}

/// What makes a file the same file under any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}
