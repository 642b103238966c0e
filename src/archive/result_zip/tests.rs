//! Whole plaintext zips.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Contents, ResultSummary, ResultZipError};
use crate::archive::Limits;
use crate::archive::testing::{
    Item, Sizes, end, file_of, handmade, handmade_wide, noise, zip_of, zip_with,
};
use crate::file::ReadAt;

type Found = Vec<(Vec<u8>, Vec<u8>)>;

/// Everything that a zip holds, after all checks.
fn read(zip: &[u8]) -> Result<(ResultSummary, Found), ResultZipError> {
    let contents = Contents::read(Arc::new(file_of(zip)), &Limits::default())?;
    let mut found = Found::new();
    for member in contents.entries() {
        let mut bytes = Vec::new();
        member.open()?.read_to_end(&mut bytes)?;
        assert_eq!(member.size(), bytes.len() as u64);
        found.push((member.name().0.to_vec(), bytes));
    }
    Ok((contents.summary(), found))
}

/// Reads it by the `zip` crate alone.
fn by_another_reader(zip: &[u8]) -> Found {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name_raw().to_vec(), bytes)
        })
        .collect()
}

fn streamed() -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default();
    for (name, options) in [("a", options), ("wide", options.large_file(true))] {
        writer.start_file(name, options).unwrap();
        writer.write_all(&noise(70_000)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn with_folder() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_directory("sub", options).unwrap();
    writer.start_file("sub/r\u{e9}sultat", options).unwrap();
    writer.write_all(b"hello").unwrap();
    writer.set_comment("made by a test").unwrap();
    writer.finish().unwrap().into_inner()
}

fn every_form() -> Vec<Item> {
    let data = noise(3000);
    let mut items = Vec::new();
    let both = [true, false];
    let behind = both.map(|signature| Sizes::Behind { signature });
    let behind_wide = both.map(|signature| Sizes::BehindWide { signature });
    for (at, sizes) in [Sizes::Ahead, Sizes::AheadWide]
        .into_iter()
        .chain(behind)
        .chain(behind_wide)
        .enumerate()
    {
        items.push(Item::deflated(&format!("{at}"), &data, sizes));
        items.push(Item::deflated(&format!("{at}/"), b"", sizes));
    }
    items.push(Item::stored("stored", &data, Sizes::Ahead));
    items.push(Item::stored("stored-wide", &data, Sizes::AheadWide));
    items.push(Item::stored(
        "empty",
        b"",
        Sizes::Behind { signature: true },
    ));
    items
}

fn good_zips() -> Vec<Vec<u8>> {
    let entries: [(&str, &[u8]); 3] = [
        ("computed.json", b"{}"),
        ("empty", b""),
        ("big", &noise(200_000)),
    ];
    let swapped = {
        let items = [
            Item::stored("b", b"bb", Sizes::Ahead),
            Item::stored("a", b"a", Sizes::Ahead),
        ];
        let mut zip = items[0].local();
        let second = zip.len() as u64;
        zip.extend(items[1].local());
        let start = zip.len() as u32;
        let central = [items[1].central(second), items[0].central(0)].concat();
        zip.extend(&central);
        zip.extend(end(2, central.len() as u32, start, b"c"));
        zip
    };
    vec![
        zip_of(&[]),
        zip_of(&entries),
        zip_with(CompressionMethod::Stored, &entries),
        streamed(),
        with_folder(),
        handmade(&every_form()),
        handmade_wide(&every_form()),
        handmade_wide(&[]),
        swapped,
    ]
}

#[test]
fn contents_are_what_another_reader_finds() {
    for (case, zip) in good_zips().iter().enumerate() {
        let expected = by_another_reader(zip);
        let (summary, found) = read(zip).unwrap_or_else(|error| panic!("case {case}: {error}"));
        assert!(found == expected, "case {case}");
        assert_eq!(summary.entries, expected.len() as u64);
        let size: usize = expected.iter().map(|(_, data)| data.len()).sum();
        assert_eq!(summary.size, size as u64);
    }
}

#[test]
fn what_java_writes_is_read() {
    let Some(folder) = std::env::var_os("IEXEC_HSM_SDK_FIXTURES") else {
        return;
    };
    let path = std::path::Path::new(&folder).join("encryptedResults.zip");
    let zip = std::fs::read(path).unwrap();
    assert!(read(&zip).unwrap().1 == by_another_reader(&zip));
}

#[test]
fn a_zip_cut_anywhere_is_damaged() {
    let small = [
        Item::deflated("a", b"hello hello hello", Sizes::Behind { signature: true }),
        Item::stored("b", b"world", Sizes::AheadWide),
    ];
    for zip in [
        handmade(&small),
        handmade_wide(&small),
        zip_of(&[]),
        with_folder(),
    ] {
        for cut in 0..zip.len() {
            let zip = &zip[..cut];
            let error = Contents::read(Arc::new(file_of(zip)), &Limits::default()).unwrap_err();
            assert!(
                matches!(error, ResultZipError::Damaged { .. }),
                "{cut}: {error}"
            );
        }
    }
}

#[test]
fn no_changed_byte_goes_unnoticed_where_it_matters() {
    let items = [
        Item::deflated("a", &noise(40), Sizes::Behind { signature: true }),
        Item::stored("b", b"world", Sizes::Ahead),
    ];
    let zip = handmade(&items);
    let expected = read(&zip).unwrap().1;
    for at in 0..zip.len() {
        for bit in 0..8 {
            let mut zip = zip.clone();
            zip[at] ^= 1 << bit;
            // What is left are versions, times and attributes, which change no content.
            let same = read(&zip).map_or(true, |(_, found)| found == expected);
            assert!(same, "byte {at}");
        }
    }
}

#[test]
fn a_failing_disk_is_no_damage() {
    #[derive(Debug)]
    struct Failing(Vec<u8>, u64);
    impl ReadAt for Failing {
        fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
            if at <= self.1 && self.1 < at + out.len() as u64 {
                return Err(io::Error::from_raw_os_error(5));
            }
            (&self.0[at as usize..]).read(out)
        }
        fn len(&self) -> io::Result<u64> {
            Ok(self.0.len() as u64)
        }
    }
    let zip = zip_of(&[("a", &noise(100_000))]);
    for at in [0, 20, zip.len() as u64 - 10] {
        let source = Arc::new(Failing(zip.clone(), at));
        let error = Contents::read(source, &Limits::default()).unwrap_err();
        assert!(matches!(error, ResultZipError::Io(_)), "{at}: {error}");
    }
    let source = Arc::new(Failing(zip, 20_000));
    let contents = Contents::read(source, &Limits::default()).unwrap();
    let mut data = contents.entries().next().unwrap().open().unwrap();
    let error = data.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(5));
}

#[test]
fn stored_data_is_read_in_ranges_and_checked_as_a_whole() {
    let data = noise(10_000);
    let items = [
        Item::stored("b", &data, Sizes::Ahead),
        Item::deflated("a", &data, Sizes::Ahead),
    ];
    let zip = handmade(&items);
    let stored = |zip: &[u8]| {
        let contents = Contents::read(Arc::new(file_of(zip)), &Limits::default()).unwrap();
        assert!(contents.entries().nth(1).unwrap().stored().is_none());
        contents.entries().next().unwrap().stored().unwrap()
    };
    for (range, last, pieces) in [
        (0..10_000, 9_000..10_000, vec![1000; 10]),
        (2_500..4_000, 3_500..4_000, vec![1000, 500]),
        (7..8, 7..8, vec![1]),
        (9..9, 0..0, vec![]),
    ] {
        let stored = stored(&zip);
        let (mut buffer, told) = ([0; 1000], RefCell::new(Vec::new()));
        let tell = |count| told.borrow_mut().push(count);
        stored.read(range.clone(), &mut buffer, &tell).unwrap();
        assert_eq!(told.into_inner(), pieces, "{range:?}");
        assert_eq!(buffer[..last.len()], data[last]);
        stored.finish().unwrap();
    }
    let mut changed = zip;
    let at = changed.windows(9).position(|it| it == &data[..9]).unwrap();
    changed[at + 5000] ^= 1;
    let error = stored(&changed).finish().unwrap_err();
    let error: ResultZipError = error.downcast().unwrap();
    assert!(error.to_string().contains("b: its CRC"), "{error}");
}
