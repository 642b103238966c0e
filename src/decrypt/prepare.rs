use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RunError;
use super::output::OutputError;
use super::types::Progress;
use crate::archive::{Archive, CrcAt, Keep, Scheme, SeekableBody};
use crate::envelope::{Base64Reader, CHUNK, ContentKey, SeekableResult};
use crate::file::dir::Dir;
use crate::file::{ReadAt, Spooled};

/// Whether what is to be decrypted can stand in the archive as it is.
fn is_in_place(archive: &Archive) -> bool {
    match archive.layout().scheme {
        Scheme::Current | Scheme::Guide2019 => true,
        Scheme::LegacyEcb => false,
    }
}

/// A result that is opened, at any place.
pub(super) struct Opened {
    pub(super) result: Arc<SeekableResult>,
    /// The archive's own body; one that was copied is known to be right.
    body: Option<Arc<CrcAt<SeekableBody>>>,
}

impl Opened {
    /// Opens the result in `archive`. A body that has to be inflated or freed of base64 first is,
    /// and waits, still encrypted, in a file without a name in `waiting`.
    pub(super) fn new(
        archive: &Archive,
        key: &Arc<ContentKey>,
        waiting: &Spool,
    ) -> Result<Self, RunError> {
        let in_place = match is_in_place(archive) {
            true => archive.seekable_body(waiting.keep())?.map(Arc::new),
            false => None,
        };
        let body: Arc<dyn ReadAt> = match (&in_place, archive.layout().scheme) {
            (Some(body), _) => body.clone(),
            (None, Scheme::LegacyEcb) => {
                let body = Base64Reader::new(archive.body());
                Arc::new(Spooled(spool(body, waiting)?))
            }
            (None, _) => Arc::new(Spooled(spool(archive.body(), waiting)?)),
        };
        let result = SeekableResult::open(Arc::clone(key), body)?;
        Ok(Self {
            result: Arc::new(result),
            body: in_place,
        })
    }

    /// Whether some of the archive is gone already.
    pub(super) fn gave_back(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.gave_back())
    }

    /// Checks the archive's CRC after the result was read, which was the larger part of the work.
    ///
    /// # Errors
    /// When the archive is damaged.
    pub(super) fn finish(&self) -> io::Result<()> {
        self.body.as_ref().map_or(Ok(()), |body| body.finish_body())
    }

    /// Writes the result to `stream`.
    ///
    /// By one thread: whoever reads the stream has the other processor, and two threads here would
    /// have to wait for each other at each chunk.
    pub(super) fn stream(
        &self,
        stream: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<u64, RunError> {
        let fail = |error| OutputError::io(Path::new("-"), error);
        let mut chunk = vec![0; CHUNK];
        let mut at = 0;
        loop {
            let count = self.result.read_at(&mut chunk, at)?;
            if count == 0 {
                break;
            }
            stream.write_all(&chunk[..count]).map_err(fail)?;
            at += count as u64;
            progress(count as u64);
        }
        stream.flush().map_err(fail)?;
        // The archive could have changed since it was checked.
        self.finish()?;
        Ok(at)
    }
}

/// Where a body waits.
#[derive(Clone)]
pub(super) enum Spool {
    /// In this folder, on the way to this output.
    In(Arc<Dir>, PathBuf),
    /// Where temporary files are.
    Anywhere,
}

impl Spool {
    fn create(&self) -> io::Result<File> {
        match self {
            Self::In(dir, _) => dir.create_unnamed(),
            Self::Anywhere => tempfile::tempfile(),
        }
    }

    /// The path that is told of.
    fn path(&self) -> PathBuf {
        match self {
            Self::In(_, path) => path.clone(),
            Self::Anywhere => std::env::temp_dir(),
        }
    }

    /// Has what is left of a body wait here.
    fn keep(&self) -> Keep {
        let here = self.clone();
        Keep(Box::new(move |body| {
            spool(body, &here).map_err(|error| match error {
                SpoolError::Read(error) => error,
                SpoolError::Write(error) => io::Error::other(error),
            })
        }))
    }
}

enum SpoolError {
    Read(io::Error),
    Write(OutputError),
}

impl From<SpoolError> for RunError {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::Read(error) => error.into(),
            SpoolError::Write(error) => error.into(),
        }
    }
}

fn spool(mut body: impl Read, waiting: &Spool) -> Result<File, SpoolError> {
    let fail = |error| SpoolError::Write(OutputError::io(&waiting.path(), error));
    let mut file = waiting.create().map_err(fail)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(count) => file.write_all(&buffer[..count]).map_err(fail)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SpoolError::Read(error)),
        }
    }
}
