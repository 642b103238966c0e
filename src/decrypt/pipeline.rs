//! The stages between an archive's bytes and those of its result, joined in one place:
//!
//! ```text
//! read, inflate, CRC -> base64 off -> decrypt, padding -> ahead -> check, write
//!      Body             Base64Reader       Opener         Ahead    the caller
//!     '----------- a thread of its own ------------'
//! ```

use std::io;
use std::sync::Arc;

use super::Progress;
use super::ahead::Ahead;
use crate::archive::{Archive, Scheme};
use crate::envelope::{Base64Reader, CHUNK, ChunkReader, Chunks, ContentKey, Opener, ReadChunks};

/// The result in `archive` as a reader; `progress` is told of its bytes as they are read.
pub(super) fn result<'a>(
    archive: &Archive,
    key: &Arc<ContentKey>,
    progress: Progress<'a>,
) -> ChunkReader<Counted<'a>> {
    let (body, len) = (archive.body(), archive.body_len());
    let encrypted: Box<dyn Chunks + Send> = match archive.layout().scheme {
        Scheme::LegacyEcb => Box::new(ReadChunks::of(Base64Reader::new(body), len)),
        Scheme::Current | Scheme::Guide2019 => Box::new(ReadChunks::of(body, len)),
    };
    let opened = Opener::new(Arc::clone(key), encrypted);
    let chunks: Box<dyn Chunks> = if len > CHUNK as u64 {
        Box::new(Ahead::start(opened))
    } else {
        Box::new(opened)
    };
    ChunkReader::new(Counted { chunks, progress })
}

/// Tells of the bytes that pass.
pub(super) struct Counted<'a> {
    chunks: Box<dyn Chunks>,
    progress: Progress<'a>,
}

impl Chunks for Counted<'_> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let chunk = self.chunks.next_chunk(used)?;
        (self.progress)(chunk.len() as u64);
        Ok(chunk)
    }
}
