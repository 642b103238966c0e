use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Progress;
use crate::archive::{Archive, Scheme};
use crate::envelope::{Base64Reader, CHUNK, Chunks, ReadChunks};

/// Chunks that may wait between the two threads.
const AHEAD: usize = 4;

/// The body of `archive` as chunks, base64 removed; a large one is read by a thread of its own.
pub(super) fn chunks<'a>(
    archive: &Archive,
    progress: Progress<'a>,
) -> Counted<'a, Box<dyn Chunks>> {
    let body = archive.body();
    let len = archive.body_len();
    let chunks = match archive.layout().scheme {
        Scheme::LegacyEcb => start(Base64Reader::new(body), len),
        Scheme::Current | Scheme::Guide2019 => start(body, len),
    };
    Counted { chunks, progress }
}

fn start(body: impl Read + Send + 'static, len: u64) -> Box<dyn Chunks> {
    let chunks = ReadChunks::of(body, len);
    if len > CHUNK as u64 {
        Box::new(ReadAhead::start(chunks))
    } else {
        Box::new(chunks)
    }
}

/// Tells of the bytes that pass.
pub(super) struct Counted<'a, C> {
    chunks: C,
    progress: Progress<'a>,
}

impl<C: Chunks> Chunks for Counted<'_, C> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        let chunk = self.chunks.next_chunk(used)?;
        (self.progress)(chunk.len() as u64);
        Ok(chunk)
    }
}

impl<C: Chunks + ?Sized> Chunks for Box<C> {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        (**self).next_chunk(used)
    }
}

/// Chunks filled by another thread while this one works; used buffers go back to it.
struct ReadAhead {
    filled: Option<Receiver<io::Result<Vec<u8>>>>,
    used: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
    /// The last chunk, or an error, came.
    ended: bool,
}

impl ReadAhead {
    fn start(mut source: impl Chunks + Send + 'static) -> Self {
        let (send, filled) = sync_channel(AHEAD);
        let (used, recycled) = sync_channel::<Vec<u8>>(2 * AHEAD);
        let thread = std::thread::spawn(move || {
            loop {
                let chunk = source.next_chunk(recycled.try_recv().unwrap_or_default());
                let last = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
                // A closed channel means that nobody wants more.
                if send.send(chunk).is_err() || last {
                    return;
                }
            }
        });
        Self {
            filled: Some(filled),
            used,
            thread: Some(thread),
            ended: false,
        }
    }
}

impl Chunks for ReadAhead {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        if used.capacity() > 0 {
            // A full channel means that there are buffers enough.
            let _ = self.used.try_send(used);
        }
        if self.ended {
            return Ok(Vec::new());
        }
        let chunk = match self.filled.as_ref().map(Receiver::recv) {
            Some(Ok(chunk)) => chunk,
            // Only a panic ends the thread before the body does.
            _ => Err(io::Error::other("the thread that reads the archive failed")),
        };
        self.ended = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
        chunk
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.filled = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was an error here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
