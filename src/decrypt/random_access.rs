use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::{OutputError, RunError};
use crate::archive::{Archive, ReadAt, Scheme};
use crate::envelope::{Base64Reader, CHUNK, ContentKey, ResultAt};

/// A result that is opened, at any place.
pub(super) struct Opened {
    pub(super) result: Arc<ResultAt>,
    /// The body was not read from end to end yet, so that nobody knows whether its CRC is right.
    pub(super) unread: bool,
}

impl Opened {
    /// Opens the result in `archive`. A body that has to be inflated or freed of base64 first is,
    /// and waits, still encrypted, in a file without a name in `folder`.
    pub(super) fn new(
        archive: &Archive,
        key: &Arc<ContentKey>,
        folder: &Path,
    ) -> Result<Self, RunError> {
        let in_place = match archive.layout().scheme {
            Scheme::Current | Scheme::Guide2019 => archive.body_at()?,
            Scheme::LegacyEcb => None,
        };
        let unread = in_place.is_some();
        let body: Arc<dyn ReadAt> = match (in_place, archive.layout().scheme) {
            (Some(body), _) => Arc::new(body),
            (None, Scheme::LegacyEcb) => {
                Arc::new(spool(Base64Reader::new(archive.body()), folder)?)
            }
            (None, _) => Arc::new(spool(archive.body(), folder)?),
        };
        let result = ResultAt::open(Arc::clone(key), body)?;
        Ok(Self {
            result: Arc::new(result),
            unread,
        })
    }
}

fn spool(mut body: impl Read, folder: &Path) -> Result<File, RunError> {
    let fail = |error| OutputError::io(folder, error);
    let mut file = tempfile::tempfile_in(folder).map_err(fail)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(count) => file.write_all(&buffer[..count]).map_err(fail)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
