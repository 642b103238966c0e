//! The stages of the pipeline one by one, for `benches/stages.rs`. No part of the library's
//! interface: it may change at any time.
#![allow(missing_docs, clippy::missing_errors_doc)]

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::archive::result_zip::Contents;
use crate::archive::{Archive, Limits, Scheme};
use crate::envelope::{
    Ahead, Base64Reader, CHUNK, ChunkReader, Chunks, ContentKey, Encrypted, Opener, ReadChunks,
    Sealer,
};

/// A content key of its own.
pub struct Key(Arc<ContentKey>);

impl Key {
    pub fn random(scheme: Scheme) -> io::Result<Self> {
        let key = ContentKey::random(scheme, 512).map_err(io::Error::other)?;
        Ok(Self(Arc::new(key)))
    }

    pub fn seal(&self, result: &[u8]) -> io::Result<Vec<u8>> {
        let sealer = Sealer::new(&self.0, result).map_err(io::Error::other)?;
        let mut body = Vec::new();
        ChunkReader::new(sealer).read_to_end(&mut body)?;
        Ok(body)
    }

    /// Decrypts a body and takes the padding off.
    pub fn open(&self, body: impl Read) -> io::Result<u64> {
        let chunks = ReadChunks::new(body);
        drain(Opener::new(Encrypted::new(Arc::clone(&self.0), chunks)))
    }
}

/// Reads a body, inflates it where it is deflated, and checks its CRC.
pub fn read(archive: &Archive) -> io::Result<u64> {
    drain(ReadChunks::new(archive.body()))
}

/// Takes base64 off.
pub fn remove_base64(text: &[u8]) -> io::Result<u64> {
    drain(ReadChunks::new(Base64Reader::new(text)))
}

/// Hands bytes from one thread to another.
pub fn hand_over(bytes: &'static [u8]) -> io::Result<u64> {
    drain(Ahead::start(ReadChunks::new(bytes)))
}

/// Checks the structure of a result, and the CRC of every file in it if so wanted.
pub fn check(result: File, crcs: bool) -> io::Result<u64> {
    let contents =
        Contents::read(Arc::new(result), &Limits::default()).map_err(io::Error::other)?;
    if crcs {
        for member in contents.entries() {
            drain(ReadChunks::new(member.open().map_err(io::Error::other)?))?;
        }
    }
    Ok(contents.summary().entries)
}

fn drain(mut chunks: impl Chunks) -> io::Result<u64> {
    let (mut chunk, mut total) = (Vec::with_capacity(CHUNK), 0);
    loop {
        chunk = chunks.next_chunk(chunk)?;
        if chunk.is_empty() {
            return Ok(total);
        }
        total += chunk.len() as u64;
    }
}
