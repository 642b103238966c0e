//! Plaintext zips that say one thing and hold another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, Read as _};
use std::sync::Arc;

use super::{Contents, ResultSummary, ResultZipError};
use crate::archive::Limits;
use crate::archive::testing::{Item, Sizes, end, file_of, handmade, handmade_wide, noise, zip_of};

const BEHIND: Sizes = Sizes::Behind { signature: true };

type Lie = fn(&mut Item);

fn read_with(limits: &Limits, zip: &[u8]) -> Result<ResultSummary, ResultZipError> {
    let contents = Contents::read(Arc::new(file_of(zip)), limits)?;
    for member in contents.entries() {
        io::copy(&mut member.open()?, &mut io::sink())?;
    }
    Ok(contents.summary())
}

/// Requires that it is sound, and names what a file in it is packed with.
fn assert_unreadable(how: &str, zip: &[u8]) {
    Contents::read(Arc::new(file_of(zip)), &Limits::default()).unwrap();
    match read_with(&Limits::default(), zip) {
        Err(ResultZipError::Unreadable { how: said, .. }) => {
            assert!(said.to_string().contains(how))
        }
        other => panic!("{how}: {other:?}"),
    }
}

fn assert_damaged(case: &str, zip: &[u8]) {
    match read_with(&Limits::default(), zip) {
        Err(ResultZipError::Damaged { .. }) => {}
        other => panic!("{case}: {other:?}"),
    }
}

fn pair() -> [Item; 2] {
    [
        Item::deflated("a", &noise(500), BEHIND),
        Item::deflated("b", &noise(300), Sizes::Ahead),
    ]
}

/// Puts a zip together from parts that need not fit.
fn assemble(locals: &[u8], central: &[Vec<u8>], comment: &[u8]) -> Vec<u8> {
    let directory = central.concat();
    let end = end(
        central.len() as u16,
        directory.len() as u32,
        locals.len() as u32,
        comment,
    );
    [locals, &directory, &end].concat()
}

#[test]
fn honest_parts_make_an_honest_zip() {
    let [a, b] = pair();
    let locals = [a.local(), b.local()].concat();
    let central = [a.central(0), b.central(a.local().len() as u64)];
    read_with(&Limits::default(), &assemble(&locals, &central, b"hi")).unwrap();
}

#[test]
fn lies_about_content() {
    let lies: [(&str, Lie); 5] = [
        ("crc", |item| item.crc ^= 1),
        ("size", |item| item.size += 1),
        ("garbage after the data", |item| item.packed.push(0)),
        ("data cut", |item| {
            item.packed.truncate(item.packed.len() - 1)
        }),
        ("method", |item| item.method = 0),
    ];
    for (case, lie) in lies {
        for at in 0..2 {
            let mut items = pair();
            lie(&mut items[at]);
            assert_damaged(case, &handmade(&items));
        }
    }
    let mut stored = Item::stored("a", b"abc", Sizes::Ahead);
    stored.size = 2;
    let zip = handmade(&[stored]);
    assert_damaged("stored with two sizes", &zip);
}

#[test]
fn a_local_header_must_fit_its_data_even_if_the_directory_does() {
    let zip = handmade(&[Item::deflated("a", &noise(300), Sizes::Ahead)]);
    for (case, at) in [("crc", 14), ("compressed size", 18), ("size", 22)] {
        let mut zip = zip.clone();
        zip[at] ^= 1;
        assert_damaged(case, &zip);
    }
}

#[test]
fn flags_that_are_refused() {
    for bit in [4, 5, 7, 15] {
        let mut items = pair();
        items[1].flags |= 1 << bit;
        assert_damaged(&format!("flag {bit}"), &handmade(&items));
    }
}

#[test]
fn what_is_packed_in_another_way_is_sound_and_unreadable() {
    for bit in [0, 6, 13] {
        let mut items = pair();
        items[1].flags |= 1 << bit;
        assert_unreadable("zip password", &handmade(&items));
    }
    for (method, name) in [(9, "deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "zstd")] {
        let mut items = pair();
        items[1].method = method;
        assert_unreadable(name, &handmade(&items));
    }
}

#[test]
fn the_directory_must_fit_what_came_before() {
    let [a, b] = pair();
    let locals = [a.local(), b.local()].concat();
    let b_offset = a.local().len() as u64;
    let central = |change: Lie| {
        let mut other = pair().into_iter().nth(1).unwrap();
        change(&mut other);
        vec![a.central(0), other.central(b_offset)]
    };
    let cases = [
        ("name", central(|item| item.name = b"c".to_vec())),
        ("crc", central(|item| item.crc ^= 1)),
        ("size", central(|item| item.size += 1)),
        ("compressed size", central(|item| item.packed.push(0))),
        ("flags", central(|item| item.flags |= 8)),
        ("method", central(|item| item.method = 0)),
        ("not listed", vec![a.central(0)]),
        ("listed twice", vec![a.central(0), a.central(0)]),
        ("elsewhere", vec![a.central(0), b.central(b_offset + 1)]),
        ("nowhere", vec![a.central(0), b.central(1 << 31)]),
    ];
    for (case, central) in cases {
        assert_damaged(case, &assemble(&locals, &central, b""));
    }
    let more = vec![a.central(0), b.central(b_offset), b.central(b_offset)];
    assert_damaged("one more", &assemble(&locals, &more, b""));
}

#[test]
fn entries_that_share_bytes_or_names() {
    let [a, b] = pair();
    let twice = [
        Item::stored("a", b"1", Sizes::Ahead),
        Item::stored("a", b"2", Sizes::Ahead),
    ];
    assert_damaged("same name", &handmade(&twice));
    // An entry within the data of another one.
    let inner = b.local();
    let outer = Item::stored("a", &inner, Sizes::Ahead);
    let offset = (outer.local().len() - inner.len()) as u64;
    let central = [outer.central(0), b.central(offset)];
    assert_damaged("overlap", &assemble(&outer.local(), &central, b""));
    let locals = [a.local(), b"gap".to_vec(), b.local()].concat();
    let central = [a.central(0), b.central(a.local().len() as u64 + 3)];
    assert_damaged("gap", &assemble(&locals, &central, b""));
    for before in [&b"#!"[..], b"PK\x03\x04"] {
        let locals = [before, &a.local()].concat();
        let central = [a.central(before.len() as u64)];
        assert_damaged("before", &assemble(&locals, &central, b""));
    }
}

#[test]
fn the_end_must_be_the_end() {
    let good = handmade(&pair());
    assert_damaged("more after it", &[&good[..], b"x"].concat());
    assert_damaged("twice", &[&good[..], &good[..]].concat());
    let [a, _] = pair();
    let fake = end(0, 0, 0, b"");
    assert_damaged("second end", &assemble(&a.local(), &[a.central(0)], &fake));
    let wide = handmade_wide(&pair());
    let end64 = good.len() - 22;
    for at in [4, 16, 24, 32, 40, 48, 56, 64] {
        let mut wide = wide.clone();
        wide[end64 + at] ^= 1;
        assert_damaged(&format!("zip64 end, byte {at}"), &wide);
    }
    let mut unasked = wide[..wide.len() - 22].to_vec();
    unasked.extend(&good[end64..]);
    read_with(&Limits::default(), &unasked).unwrap();
    // Of two that do not say the same, each has readers that believe it.
    for at in [24, 32, 40, 48] {
        let mut differs = unasked.clone();
        differs[end64 + at] ^= 1;
        assert_damaged(&format!("zip64 end, unasked for, byte {at}"), &differs);
    }
    let mut apart = unasked.clone();
    apart.splice(end64 + 56..end64 + 56, *b"gap");
    assert_damaged("zip64 end that is not beside its locator", &apart);
}

#[test]
fn a_second_name_has_to_be_the_same() {
    let with = |path: &[u8], named: &[u8]| {
        let mut item = Item::stored("na\u{ef}f", b"x", Sizes::Ahead);
        let crc = crate::archive::testing::crc(named).to_le_bytes();
        let len = (path.len() as u16 + 5).to_le_bytes();
        item.extra = [&[0x75, 0x70][..], &len, &[1], &crc, path].concat();
        item
    };
    let name = "na\u{ef}f".as_bytes();
    for flags in [0, 0x0800] {
        let mut same = with(name, name);
        same.flags = flags;
        read_with(&Limits::default(), &handmade(&[same])).unwrap();
        for (case, path, named) in [
            ("another", &b"naif"[..], name),
            ("of another name", name, &b"naif"[..]),
            ("another, of another name", b"naif", b"naif"),
        ] {
            let mut item = with(path, named);
            item.flags = flags;
            assert_damaged(&format!("second name: {case}"), &handmade(&[item]));
        }
    }
    // A reader takes the first or the last of several.
    let mut twice = with(b"naif", name);
    twice.extra.extend(with(name, name).extra);
    assert_damaged("two second names", &handmade(&[twice]));
}

#[test]
fn links_are_counted() {
    let mut link = Item::stored("link", b"/etc/passwd", Sizes::Ahead);
    link.attributes = 0o120_777 << 16;
    let zip = handmade(&[Item::stored("a", b"x", Sizes::Ahead), link]);
    let contents = Contents::read(Arc::new(file_of(&zip)), &Limits::default()).unwrap();
    assert_eq!(contents.summary().symlinks, 1);
    let links: Vec<_> = contents
        .entries()
        .map(|member| member.is_symlink())
        .collect();
    assert_eq!(links, [false, true]);
}

#[test]
fn limits_hold_before_anything_is_inflated() {
    let zip = zip_of(&[("a", &vec![0; 100_000]), ("b", &[0; 10])]);
    let passes = |max_entries, max_size| {
        let limits = Limits {
            max_entries,
            max_size,
        };
        match Contents::read(Arc::new(file_of(&zip)), &limits) {
            Ok(_) => false,
            Err(ResultZipError::TooLarge { .. }) => true,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(!passes(2, 100_010));
    assert!(passes(1, 100_010));
    assert!(passes(2, 100_009));
    assert!(passes(2, 0));
}

#[test]
fn a_bomb_that_denies_its_size_gives_no_more_than_it_admits() {
    let mut bomb = Item::deflated("bomb", &vec![0; 10_000_000], BEHIND);
    bomb.size = 1000;
    let contents = Contents::read(Arc::new(file_of(&handmade(&[bomb]))), &Limits::default());
    let contents = contents.unwrap();
    let mut data = Vec::new();
    let error = contents
        .entries()
        .next()
        .unwrap()
        .open()
        .unwrap()
        .read_to_end(&mut data);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("longer than declared")
    );
    assert_eq!(data.len(), 1000);
}

#[test]
fn names_and_directory_are_bounded_in_total() {
    let items = |name_len: usize, extra_len: u16| {
        let item = |at| {
            let name = format!("{at:03}{}", "x".repeat(name_len));
            let mut item = Item::stored(&name, b"", Sizes::Ahead);
            item.extra = [[0x99; 2], extra_len.to_le_bytes()].concat();
            item.extra.resize(4 + usize::from(extra_len), 0);
            item
        };
        handmade(&(0..290).map(item).collect::<Vec<_>>())
    };
    for zip in [items(60_000, 0), items(0, 60_000)] {
        match read_with(&Limits::default(), &zip) {
            Err(ResultZipError::TooLarge { what, .. }) => assert!(what.contains("directory")),
            other => panic!("{other:?}"),
        }
    }
}
