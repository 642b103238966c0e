//! The place of a zip's directory, and its limits.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::archive::testing::{
    Interrupted, Item, Sizes, end, file_of, handmade, handmade_wide, zip_of,
};

fn read(zip: &[u8]) -> Result<Index, IndexError> {
    read_index(&file_of(zip), &Limits::default())
}

/// A disk on which one read fails, given its number.
#[derive(Debug)]
struct FailsOnce {
    file: File,
    reads: AtomicUsize,
    failing: usize,
}

impl ReadAt for FailsOnce {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        if self.reads.fetch_add(1, Ordering::Relaxed) == self.failing {
            return Err(io::Error::from_raw_os_error(5));
        }
        ReadAt::read_at(&self.file, out, at)
    }

    fn len(&self) -> io::Result<u64> {
        ReadAt::len(&self.file)
    }
}

#[test]
fn a_disk_that_fails_at_any_read_is_no_damage() {
    let items = ["a", "b"].map(|name| Item::stored(name, &[7; 20_000], Sizes::AheadWide));
    let zip = handmade_wide(&items);
    let mut failed = 0;
    loop {
        let disk = FailsOnce {
            file: file_of(&zip),
            reads: AtomicUsize::new(0),
            failing: failed,
        };
        match read_index(&disk, &Limits::default()) {
            Err(IndexError::Io(error)) => assert_eq!(error.raw_os_error(), Some(5)),
            Err(other) => panic!("read {failed}: {other}"),
            Ok(_) => break,
        }
        failed += 1;
    }
    assert!(failed >= 5, "it takes only {failed} reads");
}

#[test]
fn a_read_that_a_signal_interrupts_is_tried_again() {
    let zip = handmade_wide(&[Item::stored("a", &[7; 20_000], Sizes::AheadWide)]);
    let index = read_index(&Interrupted::new(file_of(&zip)), &Limits::default()).unwrap();
    assert_eq!(index.entries.len(), 1);
}

#[test]
fn the_end_is_found_before_the_longest_comment_and_no_further_away() {
    let mut zip = zip_of(&[("a", b"data")]);
    let len = zip.len();
    zip[len - 2..].copy_from_slice(&u16::MAX.to_le_bytes());
    zip.resize(len + usize::from(u16::MAX), b'x');
    assert_eq!(read(&zip).unwrap().entries.len(), 1);
    zip.push(b'x');
    let error = read(&zip).unwrap_err();
    assert!(matches!(error, IndexError::Truncated { .. }), "{error}");
}

#[test]
fn a_directory_may_be_as_large_as_the_limit_and_no_larger() {
    let zip = |one_more: usize| {
        let item = |at: usize| {
            // 46 bytes, a name, and an extra field with 4 bytes before its data.
            let mut item = Item::stored(&format!("{at:060000}"), b"", Sizes::Ahead);
            let len = 65_536 - 46 - 60_000 - 4 + if at == 0 { one_more } else { 0 };
            item.extra = [[0x99; 2], (len as u16).to_le_bytes()].concat();
            item.extra.resize(4 + len, 0);
            item
        };
        handmade(&(0..256).map(item).collect::<Vec<_>>())
    };
    assert_eq!(read(&zip(0)).unwrap().entries.len(), 256);
    let error = read(&zip(1)).unwrap_err();
    assert!(
        matches!(error, IndexError::TooLarge { limit, .. } if limit == 16 * 1024 * 1024),
        "{error}"
    );
}

/// A zip whose directory ends in these bytes, which are told where they stand.
fn ending_in(tail: impl Fn(u64) -> Vec<u8>) -> Vec<u8> {
    let len = tail(100).len();
    let mut item = Item::stored("a", b"x", Sizes::Ahead);
    item.extra = [
        &[0x99, 0x99],
        &(len as u16).to_le_bytes()[..],
        &vec![0; len],
    ]
    .concat();
    let mut zip = handmade(&[item]);
    let start = zip.len() - 22 - len;
    zip[start..][..len].copy_from_slice(&tail(start as u64));
    zip
}

/// A wide end of one entry, in `size` bytes from `directory` on, and its locator.
fn wide_end(start: u64, size: u64, directory: u64) -> Vec<u8> {
    [
        &END64.to_le_bytes()[..],
        &44u64.to_le_bytes(),
        &[45, 0, 45, 0],
        &[0; 8],
        &1u64.to_le_bytes(),
        &1u64.to_le_bytes(),
        &size.to_le_bytes(),
        &directory.to_le_bytes(),
        &LOCATOR.to_le_bytes(),
        &0u32.to_le_bytes(),
        &start.to_le_bytes(),
        &1u32.to_le_bytes(),
    ]
    .concat()
}

/// Python's zipfile goes by a wide end even where the narrow one leaves nothing open.
#[test]
fn a_wide_end_in_the_last_entry_is_no_second_way_to_read_a_zip() {
    assert_eq!(read(&ending_in(|_| vec![7; 76])).unwrap().entries.len(), 1);
    for tail in [
        // Another directory, which ends where it begins.
        |start| wide_end(start, 47, start - 47),
        // One of other values than the narrow end's, and one that is not where it should be.
        |start| wide_end(start, 1, 2),
        |_| wide_end(3, 47, 3),
        |_| [&LOCATOR.to_le_bytes()[..], &[9; 16]].concat(),
    ] {
        let error = read(&ending_in(tail)).unwrap_err();
        assert!(matches!(error, IndexError::Malformed { .. }), "{error}");
    }
}

#[test]
fn what_the_zip_crate_says_of_names_is_safe_to_show() {
    assert_eq!(printable("it's \"a\\b\""), "it's \"a\\b\"");
    assert_eq!(printable("a\x1b[2J\n\u{202e}"), "a\\u{1b}[2J\\n\\u{202e}");
    let error = IndexError::from(ZipError::InvalidPassword);
    assert!(matches!(error, IndexError::Malformed { .. }), "{error}");
    let without_system_error = io::Error::from(io::ErrorKind::UnexpectedEof);
    let error = IndexError::from(ZipError::Io(without_system_error));
    assert!(matches!(error, IndexError::Malformed { .. }), "{error}");
}

#[test]
fn an_empty_zip_is_its_end_alone() {
    assert!(read(&end(0, 0, 0, b"")).unwrap().entries.is_empty());
}
