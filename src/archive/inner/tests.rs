//! Whole plaintext zips, read in order and in place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufReader, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{EntryName, InnerError, InnerSummary, check_crcs, check_structure, walk};
use crate::archive::Limits;
use crate::archive::testing::{
    Item, Sizes, end, file_of, handmade, handmade_wide, noise, zip_of, zip_with,
};

type Found = Vec<(Vec<u8>, Vec<u8>)>;

/// Walks with a reader that gives a few bytes at a time, so that records fall apart.
fn walk_in(chunk: usize, zip: &[u8]) -> Result<(InnerSummary, Found), InnerError> {
    let mut found = Found::new();
    let mut visitor = |name: EntryName<'_>, data: &mut dyn Read| {
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes)?;
        found.push((name.0.to_vec(), bytes));
        Ok(())
    };
    let mut reader = BufReader::with_capacity(chunk, zip);
    let summary = walk(&mut reader, &Limits::default(), &mut visitor)?;
    Ok((summary, found))
}

fn by_random_access(zip: &[u8]) -> Found {
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
fn a_walk_finds_what_random_access_finds() {
    for (case, zip) in good_zips().iter().enumerate() {
        let mut expected = by_random_access(zip);
        expected.sort();
        for chunk in [1, 7, 64 * 1024] {
            let (summary, mut found) =
                walk_in(chunk, zip).unwrap_or_else(|error| panic!("case {case}: {error}"));
            found.sort();
            assert!(found == expected, "case {case} in chunks of {chunk}");
            let file = file_of(zip);
            let limits = Limits::default();
            assert_eq!(check_structure(&file, &limits).unwrap(), summary);
            assert_eq!(check_crcs(&file, &limits).unwrap(), summary);
            assert_eq!(summary.entries, expected.len() as u64);
        }
    }
}

#[test]
fn what_java_writes_is_walked() {
    let Some(folder) = std::env::var_os("IEXEC_HSM_SDK_FIXTURES") else {
        return;
    };
    let path = std::path::Path::new(&folder).join("encryptedResults.zip");
    let zip = std::fs::read(path).unwrap();
    let (summary, found) = walk_in(100, &zip).unwrap();
    assert!(found == by_random_access(&zip));
    let checked = check_crcs(&file_of(&zip), &Limits::default()).unwrap();
    assert_eq!(checked, summary);
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
            let error = walk_in(5, zip).unwrap_err();
            assert!(
                matches!(error, InnerError::Damaged { .. }),
                "{cut}: {error}"
            );
            let error = check_structure(&file_of(zip), &Limits::default()).unwrap_err();
            assert!(
                matches!(error, InnerError::Damaged { .. }),
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
    let expected = walk_in(64, &zip).unwrap().1;
    for at in 0..zip.len() {
        for bit in 0..8 {
            let mut zip = zip.clone();
            zip[at] ^= 1 << bit;
            let file = file_of(&zip);
            let limits = Limits::default();
            let walked = walk_in(64, &zip).map(|(_, found)| found);
            // What is left are versions, times and attributes, which change no content.
            assert!(
                walked.is_err() || walked.is_ok_and(|found| found == expected),
                "byte {at}"
            );
            if check_crcs(&file, &limits).is_ok() {
                assert!(by_random_access(&zip) == expected, "byte {at}");
            }
        }
    }
}

#[test]
fn what_a_visitor_leaves_is_read_and_checked() {
    let mut zip = zip_of(&[("a", &noise(100_000)), ("b", b"x")]);
    let mut names = Vec::new();
    let mut visitor = |name: EntryName<'_>, data: &mut dyn Read| {
        names.push(name.shown());
        data.read_exact(&mut [0; 10]).or(Ok(()))
    };
    walk(&mut &zip[..], &Limits::default(), &mut visitor).unwrap();
    assert_eq!(names, ["a", "b"]);
    zip[50_000] ^= 1;
    let mut ignore = |_: EntryName<'_>, _: &mut dyn Read| Ok(());
    let error = walk(&mut &zip[..], &Limits::default(), &mut ignore).unwrap_err();
    assert!(matches!(error, InnerError::Damaged { .. }), "{error}");
}

#[test]
fn errors_of_reader_and_visitor_come_back_as_they_are() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the cable is out"))
        }
    }
    let zip = zip_of(&[("a", &noise(1000))]);
    let mut ignore = |_: EntryName<'_>, _: &mut dyn Read| Ok(());
    for cut in [0, 10, 200, zip.len() - 10] {
        let mut reader = BufReader::new(zip[..cut].chain(Failing));
        let error = walk(&mut reader, &Limits::default(), &mut ignore).unwrap_err();
        assert!(matches!(error, InnerError::Io(_)), "{cut}: {error}");
        assert_eq!(error.to_string(), "the cable is out");
    }
    let mut full = |_: EntryName<'_>, _: &mut dyn Read| {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into())
    };
    let error = walk(&mut &zip[..], &Limits::default(), &mut full).unwrap_err();
    assert!(matches!(error, InnerError::Io(e) if e.kind() == std::io::ErrorKind::StorageFull));
}
