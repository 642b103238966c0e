//! The stages between an archive's bytes and those of its result, joined in one place:
//!
//! ```text
//! read, inflate, CRC -> (ahead) -> base64 off -> decrypt, padding -> write
//!      Body              Ahead    Base64Reader    EncryptedChunk     file
//! ```
//!
//! To a file, which is checked then. What goes elsewhere is checked before, at any place:
//! `prepare`.
//!
//! `Ahead` has what is before it done by a thread of its own. Base64 text does compress, so that
//! inflating it is the slowest stage and gets a thread for itself.

use std::io;
use std::sync::Arc;

use super::types::Progress;
use crate::archive::{Archive, Body, Scheme};
use crate::envelope::{
    Ahead, Base64Reader, CHUNK, ChunkReader, Chunks, ContentKey, Encrypted, Opener, ReadChunks,
};

/// The encrypted body of `archive`, piece by piece, base64 removed, for the last time that it is read.
pub(super) fn encrypted_once(
    archive: &Archive,
    key: &Arc<ContentKey>,
) -> Encrypted<Box<dyn Chunks + Send>> {
    encrypted(archive, archive.body_once(), key)
}

fn encrypted(
    archive: &Archive,
    body: Body,
    key: &Arc<ContentKey>,
) -> Encrypted<Box<dyn Chunks + Send>> {
    let len = archive.body_len();
    let chunks: Box<dyn Chunks + Send> = match archive.layout().scheme {
        Scheme::LegacyEcb => {
            let text = ChunkReader::new(ahead(ReadChunks::of(body, len), len));
            Box::new(ReadChunks::of(Base64Reader::new(text), len))
        }
        Scheme::Current | Scheme::Guide2019 => {
            Box::new(ReadChunks::of(body, len).with_head(key.iv_len()))
        }
    };
    Encrypted::new(Arc::clone(key), chunks)
}

/// The result in `archive` as a reader; `progress` is told of its bytes as they are read.
pub(super) fn result<'a>(
    archive: &Archive,
    key: &Arc<ContentKey>,
    progress: Progress<'a>,
) -> ChunkReader<Counted<'a>> {
    let opened = Opener::new(encrypted(archive, archive.body(), key));
    ChunkReader::new(Counted {
        chunks: ahead(opened, archive.body_len()),
        progress,
    })
}

/// `stage` on a thread of its own, unless there is too little for it to do.
fn ahead(stage: impl Chunks + Send + 'static, len: u64) -> Box<dyn Chunks + Send> {
    if threads(len) > 1 {
        Box::new(Ahead::start(stage))
    } else {
        Box::new(stage)
    }
}

/// Returns the number of threads that a body of `len` bytes is worth.
pub(super) fn threads(len: u64) -> usize {
    if len > CHUNK as u64 { 2 } else { 1 }
}

/// Tells of the bytes that pass.
pub(super) struct Counted<'a> {
    chunks: Box<dyn Chunks + Send>,
    progress: Progress<'a>,
}

impl Chunks for Counted<'_> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let chunk = self.chunks.next_chunk(used)?;
        (self.progress)(chunk.len() as u64);
        Ok(chunk)
    }
}
