//! For fuzz targets: what this module reads, from bytes in memory.
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::missing_errors_doc
)]

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, memfd_create};

use super::layout::FROM_FOLDER;
use super::result_zip::{Contents, ResultZipError};
use super::seekable::{Keep, SeekableBody};
use super::{Archive, ArchiveError, CrcAt, Limits, WrappedKey, zipped};
use crate::file::ReadAt as _;

/// A wrapped key that lies in a folder under the name of its `pair`th layout.
pub fn wrapped_key(entry: Vec<u8>, pair: usize) -> Result<WrappedKey, ArchiveError> {
    WrappedKey::parse(entry, FROM_FOLDER[pair % FROM_FOLDER.len()])
}

pub fn open_archive(zip: &[u8], limits: &Limits) -> Result<Archive, ArchiveError> {
    let path = Path::new("archive.zip");
    let file = file_of(zip).map_err(ArchiveError::io(path))?;
    zipped::open(Arc::new(file), path, limits)
}

impl Archive {
    /// The body as readers at any place have it: one that knows its blocks, and one that finds them while it reads. `None`
    /// where there is none.
    pub fn bodies_at_any_place(&self) -> [io::Result<Option<Vec<u8>>>; 2] {
        let keep = Keep(Box::new(|mut body| {
            let mut rest = Vec::new();
            body.read_to_end(&mut rest)?;
            file_of(&rest)
        }));
        [
            SeekableBody::of(&self.body),
            SeekableBody::begun(&self.body, keep),
        ]
        .map(|body| body?.map(|it| self.read_from_its_end(it)).transpose())
    }

    fn read_from_its_end(&self, body: SeekableBody) -> io::Result<Vec<u8>> {
        let body = CrcAt::new(body, self.body.has_crc.then_some(self.body.content.crc));
        let mut bytes = vec![0; usize::try_from(body.len()?).map_err(io::Error::other)?];
        // In pieces: no read begins where another ended.
        for at in (0..bytes.len()).step_by(100).rev() {
            let piece = at..bytes.len().min(at + 100);
            body.read_exact_at(&mut bytes[piece], at as u64)?;
        }
        body.finish_body()?;
        Ok(bytes)
    }
}

/// A plaintext zip, read as far as its own words and `limits` allow.
pub struct ResultZip {
    pub size: u64,
    pub members: Vec<ResultMember>,
}

pub struct ResultMember {
    pub name: Vec<u8>,
    /// The path that it would be extracted to.
    pub path: Option<PathBuf>,
    pub size: u64,
    /// `None` where it is damaged.
    pub data: Option<Vec<u8>>,
}

pub fn open_result_zip(zip: &[u8], limits: &Limits) -> Result<ResultZip, ResultZipError> {
    let contents = Contents::read(Arc::new(file_of(zip)?), limits)?;
    let members = contents.entries().map(|member| {
        let mut data = Vec::new();
        let read = member.open().map(|mut it| it.read_to_end(&mut data));
        ResultMember {
            name: member.name().0.to_vec(),
            path: member.name().safe_path().ok(),
            size: member.size(),
            data: matches!(read, Ok(Ok(_))).then_some(data),
        }
    });
    Ok(ResultZip {
        size: contents.summary().size,
        members: members.collect(),
    })
}

fn file_of(bytes: &[u8]) -> io::Result<File> {
    let file = File::from(memfd_create("fuzzed", MemfdFlags::CLOEXEC)?);
    io::Write::write_all(&mut &file, bytes)?;
    Ok(file)
}
