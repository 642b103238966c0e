use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Chunks;

/// Chunks that may wait between the two threads.
const AHEAD: usize = 4;

/// Chunks filled by another thread while this one works; used buffers go back to it.
pub struct Ahead {
    filled: Option<Receiver<io::Result<Vec<u8>>>>,
    used: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
    /// The last chunk, or an error, came.
    ended: bool,
}

impl Ahead {
    /// Starts the thread, which owns `source`.
    pub fn start(mut source: impl Chunks + Send + 'static) -> Self {
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

impl Chunks for Ahead {
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
            _ => Err(io::Error::other("the thread that does the work failed")),
        };
        self.ended = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
        chunk
    }
}

impl Drop for Ahead {
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
