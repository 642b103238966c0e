use std::fs::File;
use std::io;
use std::ops::Range;

use rustix::fs::{FallocateFlags, fallocate};

use super::ReadAt;

/// Bytes of a page, which most file systems keep or give back as a whole.
const PAGE: u64 = 4096;

/// A temporary file of which each byte is read once: its room is given back meanwhile, on the disk and in the page cache.
/// What is made of it needs as much room, so that both together need no more than one of them.
#[derive(Debug)]
pub(crate) struct Spooled(pub(crate) File);

impl ReadAt for Spooled {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(out, at)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_soon(&self, range: Range<u64>) {
        self.0.read_soon(range);
    }

    fn give_back(&self, range: Range<u64>) -> bool {
        let (start, end) = (range.start.next_multiple_of(PAGE), range.end / PAGE * PAGE);
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        // Not every file system can.
        start < end && fallocate(&self.0, flags, start, end - start).is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::MetadataExt as _;

    use super::super::testing::file_of;
    use super::*;

    #[test]
    fn what_is_given_back_takes_no_room_and_all_else_stays() {
        let bytes = vec![7; 1 << 20];
        let spooled = Spooled(file_of(&bytes));
        let blocks = |file: &Spooled| file.0.metadata().unwrap().blocks();
        spooled.0.sync_all().unwrap();
        let before = blocks(&spooled);
        // Nothing that is whole.
        assert!(!spooled.give_back(1..PAGE));
        assert!(!spooled.give_back(1..2 * PAGE - 1));
        let mut read = vec![0; bytes.len()];
        spooled.read_exact_at(&mut read, 0).unwrap();
        assert!(read == bytes);

        if !spooled.give_back(PAGE - 1..(1 << 20) - 1) {
            println!("skipped: this file system gives no room back");
            return;
        }
        assert!(blocks(&spooled) < before / 10);
        assert_eq!(spooled.len().unwrap(), 1 << 20);
        spooled.read_exact_at(&mut read, 0).unwrap();
        let (first, last) = (PAGE as usize, (1 << 20) - PAGE as usize);
        assert!(read[..first] == bytes[..first] && read[last..] == bytes[last..]);
        assert!(read[first..last].iter().all(|&byte| byte == 0));
    }
}
