//! A CRC that is taken of what is read anyway, in whatever order that is.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crc32fast::Hasher as Crc;

use super::body::damaged;
use super::seekable::SeekableBody;
use crate::file::ReadAt;

/// Bytes read at once where nobody else reads them.
const BUFFER: u64 = 64 * 1024;

/// Bytes at any place, with the CRC of all of them: [`CrcAt::finish`] has to read only what nobody
/// has read before.
#[derive(Debug)]
pub(crate) struct CrcAt<R> {
    bytes: R,
    expected: Option<u32>,
    read: Mutex<Spans>,
    /// Whether some of them are gone.
    gave_back: AtomicBool,
}

impl<R: ReadAt> CrcAt<R> {
    /// `expected` is the CRC of all of `bytes`, where there is one.
    pub(super) fn new(bytes: R, expected: Option<u32>) -> Self {
        Self {
            bytes,
            expected,
            read: Mutex::default(),
            gave_back: AtomicBool::new(false),
        }
    }

    /// Whether bytes were given back, so that not all can be read again.
    pub(crate) fn gave_back(&self) -> bool {
        self.gave_back.load(Ordering::Relaxed)
    }

    /// Reads what was not read since the last call, and compares the CRC of all.
    ///
    /// # Errors
    /// [`super::Damaged`] in an [`io::Error`] where it is another one; what reading met.
    pub(crate) fn finish(&self) -> io::Result<()> {
        let Some(expected) = self.expected else {
            return Ok(());
        };
        let spans = std::mem::take(&mut *self.spans());
        let (mut crc, mut at) = (Crc::new(), 0);
        for (start, span) in spans.0 {
            self.update(&mut crc, at..start)?;
            crc.combine(&span.crc);
            at = span.end;
        }
        self.update(&mut crc, at..self.bytes.len()?)?;
        if crc.finalize() == expected {
            Ok(())
        } else {
            Err(damaged("its CRC does not match"))
        }
    }

    fn update(&self, crc: &mut Crc, unread: Range<u64>) -> io::Result<()> {
        let mut buffer = vec![0; (unread.end - unread.start).min(BUFFER) as usize];
        let mut at = unread.start;
        while at < unread.end {
            let room = (unread.end - at).min(BUFFER) as usize;
            self.bytes.read_exact_at(&mut buffer[..room], at)?;
            crc.update(&buffer[..room]);
            at += room as u64;
        }
        Ok(())
    }

    /// Takes the CRC of `bytes`, which were just read at `at`, as far as they are new.
    fn note(&self, bytes: &[u8], at: u64) {
        let new = self.spans().new_of(bytes, at).len();
        if new > 0 {
            let mut crc = Crc::new();
            crc.update(&bytes[..new]);
            // Another thread may have been faster with the same bytes.
            let mut spans = self.spans();
            if spans.new_of(bytes, at).len() >= new {
                spans.add(at, at + new as u64, crc);
            }
        }
    }

    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CrcAt<SeekableBody> {
    /// Does the same, and checks what the body itself took for granted.
    ///
    /// # Errors
    /// [`super::SeemingBlocks`] in an [`io::Error`] where it took too much, whatever the CRC is then; as
    /// [`CrcAt::finish`].
    pub(crate) fn finish_body(&self) -> io::Result<()> {
        // Reading what nobody has read shows most of what there is to confirm.
        let matches = self.finish();
        self.bytes.confirm()?;
        matches
    }
}

/// The bytes that were read, as spans by their beginning. No two of them overlap.
#[derive(Debug, Default)]
struct Spans(BTreeMap<u64, Span>);

#[derive(Debug)]
struct Span {
    end: u64,
    crc: Crc,
}

impl Spans {
    /// Returns those of `bytes` at `at` that were not read before, up to the next span.
    fn new_of<'b>(&self, bytes: &'b [u8], at: u64) -> &'b [u8] {
        let before = self.0.range(..=at).next_back();
        if before.is_some_and(|(_, span)| span.end > at) {
            return &[];
        }
        let next = self.0.range(at..).next();
        let room = next.map_or(u64::MAX, |(start, _)| start - at);
        &bytes[..room.min(bytes.len() as u64) as usize]
    }

    /// Whether all of `range` was read.
    fn has(&self, range: &Range<u64>) -> bool {
        let before = self.0.range(..=range.start).next_back();
        before.is_some_and(|(_, span)| span.end >= range.end)
    }

    /// Adds what nobody has read, to the span that ends where it begins, if there is one.
    fn add(&mut self, start: u64, end: u64, crc: Crc) {
        match self.0.range_mut(..start).next_back() {
            Some((_, span)) if span.end == start => {
                span.crc.combine(&crc);
                span.end = end;
            }
            _ => {
                self.0.insert(start, Span { end, crc });
            }
        }
    }
}

impl<R: ReadAt> ReadAt for CrcAt<R> {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let count = self.bytes.read_at(out, at)?;
        if self.expected.is_some() {
            self.note(&out[..count], at);
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        self.bytes.len()
    }

    /// Keeps what is not yet in the CRC.
    fn give_back(&self, range: Range<u64>) -> bool {
        let is_known = self.expected.is_none() || self.spans().has(&range);
        let given = is_known && self.bytes.give_back(range);
        if given {
            self.gave_back.store(true, Ordering::Relaxed);
        }
        given
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::Damaged;
    use super::super::testing::{Broken, crc, file_of, noise};
    use super::*;

    /// Counts the bytes that are read.
    #[derive(Debug)]
    struct Counted(File, AtomicU64);

    impl ReadAt for Counted {
        fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
            let count = ReadAt::read_at(&self.0, out, at)?;
            self.1.fetch_add(count as u64, Ordering::Relaxed);
            Ok(count)
        }

        fn len(&self) -> io::Result<u64> {
            ReadAt::len(&self.0)
        }
    }

    const LEN: usize = 200_000;

    fn sound() -> (Vec<u8>, CrcAt<Counted>) {
        let data = noise(LEN);
        let bytes = Counted(file_of(&data), AtomicU64::default());
        let expected = Some(crc(&data));
        (data, CrcAt::new(bytes, expected))
    }

    fn read(bytes: &CrcAt<Counted>, range: Range<usize>) -> Vec<u8> {
        let mut out = vec![0; range.len()];
        bytes.read_exact_at(&mut out, range.start as u64).unwrap();
        out
    }

    fn count(bytes: &CrcAt<Counted>) -> usize {
        bytes.bytes.1.load(Ordering::Relaxed) as usize
    }

    fn is_damaged(bytes: &CrcAt<impl ReadAt>) -> bool {
        let error = bytes.finish().unwrap_err();
        error.downcast::<Damaged>().unwrap().reason == "its CRC does not match"
    }

    #[test]
    fn what_was_read_in_any_order_is_not_read_again() {
        let orders: [&[Range<usize>]; 8] = [
            &[],
            &[0..LEN, 5..7],
            &[0..70_000, 70_000..LEN],
            &[150_000..LEN, 0..10, 10..150_000],
            // Ends and beginnings that were read before: as whoever reads block by block does.
            &[0..16, 16..1000, 984..1000, 1000..2000, 5..7],
            &[199_999..LEN, 1..2, 3..4],
            // The end of a piece that another thread began to read after.
            &[99_984..100_000, 100_000..LEN, 0..100_016, 100_016..100_100],
            &[100_000..LEN, 50_000..100_000, 0..50_000],
        ];
        for order in orders {
            let (data, bytes) = sound();
            let mut known = vec![false; LEN];
            for range in order {
                assert!(read(&bytes, range.clone()) == data[range.clone()]);
                known[range.clone()].fill(true);
            }
            let before = count(&bytes);
            bytes.finish().unwrap();
            let unread = known.iter().filter(|known| !**known).count();
            assert_eq!(count(&bytes) - before, unread, "{order:?}");
        }
    }

    #[test]
    fn spans_that_overlap_are_counted_once() {
        let (_, bytes) = sound();
        for range in [1000..2000, 500..1500, 0..600, 1900..3000] {
            read(&bytes, range);
        }
        bytes.finish().unwrap();
    }

    #[test]
    fn every_change_is_found_whether_it_was_read_or_not() {
        for at in [0, 20_000, LEN - 1] {
            let mut data = noise(LEN);
            let expected = Some(crc(&data));
            data[at] ^= 1;
            for read_first in [0..0, 0..30_000, at..at + 1, 10_000..LEN] {
                let bytes = CrcAt::new(Counted(file_of(&data), AtomicU64::default()), expected);
                read(&bytes, read_first.clone());
                assert!(is_damaged(&bytes), "{at} after {read_first:?}");
            }
        }
    }

    #[test]
    fn what_changes_after_it_was_checked_is_found_by_the_next_one() {
        let (data, bytes) = sound();
        read(&bytes, 0..LEN);
        bytes.finish().unwrap();
        let changed = [data[7] ^ 1];
        std::os::unix::fs::FileExt::write_all_at(&bytes.bytes.0, &changed, 7).unwrap();
        read(&bytes, 0..LEN);
        assert!(is_damaged(&bytes));
    }

    #[test]
    fn what_is_read_in_order_is_one_span_and_without_a_crc_none() {
        let (data, bytes) = sound();
        assert_eq!(bytes.len().unwrap(), LEN as u64);
        let unchecked = CrcAt::new(Counted(file_of(&data), AtomicU64::default()), None);
        for at in (0..LEN).step_by(1000) {
            read(&bytes, at..at + 1000);
            read(&unchecked, at..at + 1000);
        }
        assert_eq!(bytes.spans().0.len(), 1);
        assert_eq!(unchecked.spans().0.len(), 0);
    }

    #[test]
    fn threads_may_read_the_same_at_once() {
        let (data, bytes) = sound();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for at in (0..LEN).step_by(1000) {
                        assert!(read(&bytes, at..at + 1000) == data[at..at + 1000]);
                    }
                });
            }
        });
        bytes.finish().unwrap();
    }

    #[test]
    fn where_one_thread_ends_and_another_one_began_little_is_read_again() {
        const PIECE: usize = LEN / 8;
        for _ in 0..50 {
            let (_, bytes) = sound();
            std::thread::scope(|scope| {
                for piece in (0..LEN).step_by(PIECE) {
                    let bytes = &bytes;
                    // The last block of a piece is the first one of the next.
                    let end = LEN.min(piece + PIECE + 16);
                    scope.spawn(move || {
                        for at in (piece..end).step_by(100) {
                            read(bytes, at..end.min(at + 100));
                        }
                    });
                }
            });
            let before = count(&bytes);
            bytes.finish().unwrap();
            let again = count(&bytes) - before;
            assert!(again <= 8 * 100, "{again}");
        }
    }

    #[test]
    fn without_a_crc_there_is_nothing_to_check() {
        CrcAt::new(Broken, None).finish().unwrap();
        let failed = CrcAt::new(Broken, Some(0)).finish().unwrap_err();
        assert_eq!(failed.raw_os_error(), Some(5));
    }
}
