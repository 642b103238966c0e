#![allow(clippy::unwrap_used)]

use std::io::BufReader;
use std::sync::{Arc, Mutex};

use zip::CompressionMethod;

use super::*;
use crate::archive::result_zip::WatchedFile;
use crate::archive::testing::{Item, Sizes, file_of, handmade, handmade_wide, noise, zip_with};

/// Wants every file once, and keeps what it has seen to its end.
#[derive(Debug, Default)]
struct Keeper(Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>);

impl Watcher for Keeper {
    fn first(&self) -> EntryName<'static> {
        EntryName(b"first")
    }

    fn begin(&self, _: Option<&[u8]>, _: &[WatchedFile<'_>]) {}

    fn wants(&self, name: EntryName<'_>) -> bool {
        !self.0.lock().unwrap().contains_key(name.0)
    }

    fn file(&self, name: EntryName<'_>) -> Box<dyn FileWatcher> {
        Box::new(Kept(name.0.to_vec(), Vec::new(), Arc::clone(&self.0)))
    }

    fn releases(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Kept(Vec<u8>, Vec<u8>, Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>);

impl FileWatcher for Kept {
    fn see(&mut self, bytes: &[u8]) {
        self.1.extend_from_slice(bytes);
    }

    fn end(self: Box<Self>) {
        assert!(self.2.lock().unwrap().insert(self.0, self.1).is_none());
    }
}

/// Lets a zip pass by, `piece` bytes at a time. Returns what was seen, and the names that are still to be read.
fn passed(zip: &[u8], piece: usize, limits: &Limits) -> (BTreeMap<Vec<u8>, Vec<u8>>, Vec<String>) {
    let keeper = Arc::new(Keeper::default());
    let passed = Passed::watch(BufReader::with_capacity(piece, zip), &*keeper, limits);
    let watcher: Arc<dyn Watcher> = keeper.clone();
    let contents = Contents::read(Arc::new(file_of(zip)), &Limits::DEFAULT).unwrap();
    let contents = contents.watched_by(Some(&watcher)).unwrap();
    contents.note_passed(passed);
    let left = contents.entries().filter(|it| it.is_watched());
    let left = left.map(|it| it.name().shown()).collect();
    let seen = keeper.0.lock().unwrap().clone();
    (seen, left)
}

fn files() -> [(&'static str, Vec<u8>); 4] {
    let text = b"what compresses, as it repeats, as it repeats".repeat(2000);
    [
        ("noise", noise(300_000)),
        ("empty", Vec::new()),
        ("sub/text", text),
        ("last", noise(7)),
    ]
}

/// Items of all files.
fn items(item: impl Fn(&str, &[u8]) -> Item) -> Vec<Item> {
    files()
        .iter()
        .map(|(name, data)| item(name, data))
        .collect()
}

#[test]
fn every_file_of_a_zip_is_seen_whole_on_its_way() {
    let files = files();
    let entries = files
        .each_ref()
        .map(|(name, data)| (*name, data.as_slice()));
    let ways = [
        Sizes::Behind { signature: true },
        Sizes::Behind { signature: false },
        Sizes::BehindWide { signature: true },
        Sizes::BehindWide { signature: false },
        Sizes::Ahead,
        Sizes::AheadWide,
    ];
    let mut zips: Vec<_> = ways
        .iter()
        .map(|sizes| handmade(&items(|name, data| Item::deflated(name, data, *sizes))))
        .collect();
    for sizes in &ways[4..] {
        zips.push(handmade_wide(&items(|name, data| {
            Item::stored(name, data, *sizes)
        })));
    }
    zips.push(zip_with(CompressionMethod::Stored, &entries));
    zips.push(zip_with(CompressionMethod::Deflated, &entries));
    for (number, zip) in zips.iter().enumerate() {
        for piece in [1, 13, 262_144] {
            let (seen, left) = passed(zip, piece, &Limits::DEFAULT);
            assert_eq!(left, [""; 0], "zip {number}");
            assert_eq!(seen.len(), files.len());
            for (name, data) in &files {
                assert!(seen[name.as_bytes()] == *data, "{name} of zip {number}");
            }
        }
    }
}

#[test]
fn what_cannot_be_read_in_order_is_left_to_be_read() {
    let deflated = |name: &str| Item::deflated(name, b"data", Sizes::Ahead);
    let endless = Item::stored("endless", b"data", Sizes::Behind { signature: true });
    let mut packed = deflated("packed");
    packed.method = 12;
    for odd in [endless, packed] {
        let name = String::from_utf8(odd.name.clone()).unwrap();
        let zip = handmade(&[deflated("before"), odd, deflated("after")]);
        let (seen, left) = passed(&zip, 100, &Limits::DEFAULT);
        assert_eq!(seen.into_keys().collect::<Vec<_>>(), [b"before"]);
        assert_eq!(left, [&name, "after"]);
    }
}

#[test]
fn what_is_not_as_the_zip_says_is_not_taken_for_read() {
    let sizes = Sizes::Behind { signature: true };
    let good = handmade(&[Item::stored("a", &noise(500), Sizes::Ahead)]);
    let mut changed = good.clone();
    changed[100] ^= 1;
    let mut cut = Item::deflated("a", &noise(500), sizes);
    cut.packed.pop();
    let mut another = Item::deflated("a", &noise(500), sizes);
    another.crc ^= 1;
    let mut longer = Item::deflated("a", &noise(500), Sizes::Ahead);
    longer.packed.push(0);
    for zip in [
        changed,
        handmade(&[cut]),
        handmade(&[another]),
        handmade(&[longer]),
    ] {
        let (seen, left) = passed(&zip, 100, &Limits::DEFAULT);
        assert_eq!((seen.len(), left), (0, vec!["a".to_owned()]));
    }
    assert_eq!(passed(&good, 100, &Limits::DEFAULT).0.len(), 1);
}

#[test]
fn what_has_passed_is_the_file_of_the_directory_and_no_other() {
    let passing = handmade(&[Item::stored("a", b"alpha", Sizes::Ahead)]);
    let keeper = Arc::new(Keeper::default());
    let watcher: Arc<dyn Watcher> = keeper.clone();
    let other_name = handmade(&[Item::stored("b", b"alpha", Sizes::Ahead)]);
    let other_data = handmade(&[Item::stored("a", b"alpah", Sizes::Ahead)]);
    let elsewhere = handmade(&[
        Item::stored("", b"", Sizes::Ahead),
        Item::stored("a", b"alpha", Sizes::Ahead),
    ]);
    for written in [other_name, other_data, elsewhere] {
        let passed = Passed::watch(&passing[..], &*keeper, &Limits::DEFAULT);
        let contents = Contents::read(Arc::new(file_of(&written)), &Limits::DEFAULT).unwrap();
        let contents = contents.watched_by(Some(&watcher)).unwrap();
        contents.note_passed(passed);
        assert!(keeper.0.lock().unwrap().is_empty());
    }
}

#[test]
fn more_than_the_limits_allow_is_not_inflated() {
    let item = |name: &str| Item::deflated(name, &vec![0; 100_000], Sizes::Ahead);
    let zip = handmade(&[item("one"), item("two"), item("three")]);
    let limits = Limits::DEFAULT.with_max_size(250_000);
    let (seen, left) = passed(&zip, 1000, &limits);
    assert_eq!(seen.len(), 2);
    assert_eq!(left, ["three"]);
}

#[test]
fn of_very_many_files_the_rest_is_left_to_be_read() {
    let names: Vec<String> = (0..MOST_FILES + 3).map(|at| at.to_string()).collect();
    let entries: Vec<_> = names.iter().map(|it| (it.as_str(), &b"x"[..])).collect();
    let zip = zip_with(CompressionMethod::Stored, &entries);
    let (seen, left) = passed(&zip, 10_000, &Limits::DEFAULT);
    assert_eq!((seen.len(), left.len()), (MOST_FILES, 3));
    // Their names take room, too.
    let long = "n".repeat(60_000);
    let names: Vec<String> = (0..20).map(|at| format!("{at}{long}")).collect();
    let entries: Vec<_> = names.iter().map(|it| (it.as_str(), &b"x"[..])).collect();
    let zip = zip_with(CompressionMethod::Stored, &entries);
    let (seen, left) = passed(&zip, 10_000, &Limits::DEFAULT);
    assert_eq!((seen.len(), left.len()), (17, 3));
}
