//! Threads that write a result to a file by turns.
//!
//! While one of them decrypts and writes a chunk, the other one reads and inflates the next. So a
//! chunk stays with one processor from the archive to the file: to hand it to another one would
//! cost about as much as to decrypt it.

use std::hint;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::RunError;
use super::handing_on::Giver;
use super::output::OutputError;
use super::pool;
use super::types::Progress;
use crate::envelope::{Chunks, Encrypted, EncryptedChunk};
use crate::file::WriteBehind;

/// For how long a thread that waits for its turn keeps its processor: about as long as a turn is.
/// To be woken up takes a good part of that.
const SPIN_TIME: Duration = Duration::from_micros(100);

/// Decrypts all of `body` into `file`, whose name is for messages; by `threads` threads. Returns the
/// number of bytes. What was written is handed on to who watches, in its order, if anybody does: they are two threads then.
///
/// # Errors
/// The failure that comes first in the result.
pub(super) fn pour(
    body: Encrypted<impl Chunks + Send>,
    (file, name): (&WriteBehind<'_>, &Path),
    threads: usize,
    watched: Option<&Giver>,
    progress: Progress<'_>,
) -> Result<u64, RunError> {
    let relay = Relay {
        source: Mutex::new(Source {
            body,
            at: 0,
            ended: false,
            failed: None,
        }),
        file,
        name,
        written: AtomicU64::new(0),
    };
    match (watched, threads) {
        (Some(giver), _) => relay.run(progress, |written| giver.give(written)),
        (None, 1) => relay.run(progress, |written| written),
        (None, _) => pool::each(
            &vec![(); threads],
            |(), tell| {
                relay.run(tell, |written| written);
                Ok(())
            },
            progress,
        )?,
    }
    let source = relay.source.into_inner();
    match source.unwrap_or_else(PoisonError::into_inner).failed {
        Some((_, error)) => Err(error),
        None => Ok(relay.written.into_inner()),
    }
}

struct Relay<'a, C> {
    source: Mutex<Source<C>>,
    file: &'a WriteBehind<'a>,
    name: &'a Path,
    /// Bytes that were written.
    written: AtomicU64,
}

/// The state that one thread at a time may have.
struct Source<C> {
    body: Encrypted<C>,
    /// The place of the next chunk.
    at: u64,
    ended: bool,
    /// A failure, and where it was.
    failed: Option<(u64, RunError)>,
}

impl<C: Chunks> Relay<'_, C> {
    /// Takes chunk after chunk and writes it; tells of each. `used` has what was written, for the buffer of the next.
    fn run(&self, tell: pool::Tell<'_>, used: impl Fn(Vec<u8>) -> Vec<u8>) {
        let mut buffer = Vec::new();
        loop {
            let Some((chunk, at)) = self.source().next(buffer) else {
                return;
            };
            let written = match self.write(chunk, at) {
                Ok(written) => written,
                Err(error) => {
                    return self.source().fail(at, error);
                }
            };
            let count = written.len() as u64;
            self.written.fetch_add(count, Ordering::Relaxed);
            tell(count);
            buffer = used(written);
        }
    }

    /// Returns what was written.
    fn write(&self, chunk: EncryptedChunk, at: u64) -> Result<Vec<u8>, RunError> {
        let bytes = chunk.open().map_err(io::Error::from)?;
        self.file
            .write_all_at(&bytes, at)
            .map_err(|error| OutputError::io(self.name, error))?;
        Ok(bytes)
    }

    /// Waits for its turn.
    fn source(&self) -> MutexGuard<'_, Source<C>> {
        let since = Instant::now();
        while since.elapsed() < SPIN_TIME {
            if let Ok(source) = self.source.try_lock() {
                return source;
            }
            hint::spin_loop();
        }
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Chunks> Source<C> {
    /// The next chunk, in `used` or another buffer, and its place; `None` at the end.
    fn next(&mut self, used: Vec<u8>) -> Option<(EncryptedChunk, u64)> {
        if self.ended {
            return None;
        }
        let at = self.at;
        match self.body.next(used) {
            Ok(Some(chunk)) => {
                self.at += chunk.len() as u64;
                return Some((chunk, at));
            }
            Ok(None) => self.ended = true,
            Err(error) => self.fail(at, error.into()),
        }
        None
    }

    fn fail(&mut self, at: u64, error: RunError) {
        self.ended = true;
        if self.failed.as_ref().is_none_or(|(first, _)| at < *first) {
            self.failed = Some((at, error));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;
    use std::fs::File;
    use std::io::{Read as _, Seek as _};
    use std::sync::Arc;

    use super::super::error::DecryptError;
    use super::super::handing_on::handing_on;
    use super::*;
    use crate::archive::Scheme;
    use crate::envelope::{CHUNK, ChunkReader, ContentKey, ReadChunks, sealed};

    fn key() -> Arc<ContentKey> {
        Arc::new(ContentKey::random(Scheme::Current, 512).unwrap())
    }

    /// Opens `source` into `file`; returns the bytes that progress was told of, too.
    fn poured(
        key: &Arc<ContentKey>,
        source: impl Chunks + Send,
        file: &File,
        threads: usize,
    ) -> (Result<u64, RunError>, u64) {
        let told = Cell::new(0);
        let body = Encrypted::new(Arc::clone(key), source);
        let to = WriteBehind::new(file, false);
        let to = (&to, Path::new("result.zip"));
        let poured = pour(body, to, threads, None, &|bytes| {
            told.set(told.get() + bytes)
        });
        (poured, told.get())
    }

    #[test]
    fn every_chunk_gets_to_its_place_whoever_writes_it() {
        let key = key();
        for len in [0, 1, CHUNK, 5 * CHUNK - 16, 20 * CHUNK + 5] {
            let result: Vec<u8> = (0..len).map(|i| (i / 1000 * 31 + i) as u8).collect();
            let body = sealed(&key, &result);
            for threads in [1, 2, 5] {
                let mut file = tempfile::tempfile().unwrap();
                let chunks = ReadChunks::new(&body[..]);
                let (bytes, told) = poured(&key, chunks, &file, threads);
                assert_eq!((bytes.unwrap(), told), (len as u64, len as u64));
                let mut written = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut written).unwrap();
                assert!(written == result, "{len} bytes, {threads} threads");
            }
        }
    }

    #[test]
    fn who_watches_sees_all_that_is_written_in_its_order() {
        let key = key();
        for len in [0, 1, 20 * CHUNK + 5] {
            let result: Vec<u8> = (0..len).map(|i| (i / 1000 * 31 + i) as u8).collect();
            let body = Encrypted::new(
                Arc::clone(&key),
                ReadChunks::new(io::Cursor::new(sealed(&key, &result))),
            );
            let file = tempfile::tempfile().unwrap();
            let (giver, given) = handing_on();
            let looking = std::thread::spawn(move || {
                let mut seen = Vec::new();
                ChunkReader::new(given).read_to_end(&mut seen).map(|_| seen)
            });
            let to = WriteBehind::new(&file, false);
            let to = (&to, Path::new("result.zip"));
            let bytes = pour(body, to, 2, Some(&giver), &|_| {}).unwrap();
            drop(giver);
            assert_eq!(bytes, len as u64);
            assert!(looking.join().unwrap().unwrap() == result);
        }
    }

    /// Fails instead of the chunk of this number.
    struct Failing(ReadChunks<io::Repeat>, usize);

    impl Chunks for Failing {
        fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
            let Some(left) = self.1.checked_sub(1) else {
                return Err(io::Error::other("pulled out"));
            };
            self.1 = left;
            self.0.next_chunk(used)
        }
    }

    #[test]
    fn a_failure_to_read_ends_it() {
        for threads in [1, 2] {
            let source = Failing(ReadChunks::new(io::repeat(7)), 10);
            let file = tempfile::tempfile().unwrap();
            let (failed, told) = poured(&key(), source, &file, threads);
            let error = failed.unwrap_err().to_string();
            assert!(error.contains("pulled out"), "{error}");
            assert!(told < 10 * CHUNK as u64, "{told}");
        }
    }

    #[test]
    fn of_two_failures_the_first_in_the_result_counts() {
        let read_only = File::open("/dev/null").unwrap();
        for threads in [1, 2, 5] {
            let source = Failing(ReadChunks::new(io::repeat(7)), 10);
            let (failed, told) = poured(&key(), source, &read_only, threads);
            assert!(matches!(failed, Err(DecryptError::Output(_))), "{failed:?}");
            assert_eq!(told, 0);
        }
    }

    #[test]
    fn a_body_without_padding_is_one_that_cannot_be_decrypted() {
        let key = key();
        let mut body = sealed(&key, &[7; 10 * CHUNK]);
        // What changes here changes in the last byte of the padding: 16 becomes 144.
        let before = body.len() - 17;
        body[before] ^= 0x80;
        for threads in [1, 2] {
            let file = tempfile::tempfile().unwrap();
            let (failed, _) = poured(&key, ReadChunks::new(&body[..]), &file, threads);
            let is_told = matches!(failed, Err(DecryptError::CannotDecrypt));
            assert!(is_told, "{failed:?}");
        }
    }
}
