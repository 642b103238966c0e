//! Plaintext zips that say one thing and hold another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;

use super::{EntryName, InnerError, check_crcs, check_structure, walk};
use crate::archive::Limits;
use crate::archive::testing::{Item, Sizes, end, file_of, handmade, handmade_wide, noise, zip_of};

const BEHIND: Sizes = Sizes::Behind { signature: true };

type Lie = fn(&mut Item);

fn walk_with(limits: &Limits, zip: &[u8]) -> Result<(), InnerError> {
    let mut visitor = |_: EntryName<'_>, data: &mut dyn Read| {
        std::io::copy(data, &mut std::io::sink())?;
        Ok(())
    };
    walk(&mut &zip[..], limits, &mut visitor).map(|_| ())
}

fn assert_damaged(case: &str, zip: &[u8]) {
    let limits = Limits::default();
    let walked = walk_with(&limits, zip);
    let checked = check_crcs(&file_of(zip), &limits).map(|_| ());
    for result in [walked, checked] {
        match result {
            Err(InnerError::Damaged { .. }) => {}
            other => panic!("{case}: {other:?}"),
        }
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
    walk_with(&Limits::default(), &assemble(&locals, &central, b"hi")).unwrap();
}

#[test]
fn lies_about_content() {
    let lies: [(&str, Lie); 6] = [
        ("crc", |item| item.crc ^= 1),
        ("size", |item| item.size += 1),
        ("garbage after the data", |item| item.packed.push(0)),
        ("data cut", |item| {
            item.packed.truncate(item.packed.len() - 1)
        }),
        ("method", |item| item.method = 0),
        ("unknown method", |item| item.method = 9),
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
    check_structure(&file_of(&zip), &Limits::default()).unwrap_err();
    let behind = Item::stored("a", b"abc", BEHIND);
    walk_with(&Limits::default(), &handmade(&[behind])).unwrap_err();
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
    for bit in [0, 4, 5, 6, 7, 13, 15] {
        let mut items = pair();
        items[1].flags |= 1 << bit;
        assert_damaged(&format!("flag {bit}"), &handmade(&items));
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
    assert_damaged("zip64 end that nothing asks for", &unasked);
}

#[test]
fn a_second_name_is_refused() {
    let mut item = Item::stored("a", b"x", Sizes::Ahead);
    let crc = crate::archive::testing::crc(b"a").to_le_bytes();
    item.extra = [&[0x75, 0x70, 6, 0, 1][..], &crc, b"A"].concat();
    item.flags = 0;
    assert_damaged("second name", &handmade(&[item]));
}

#[test]
fn links_are_counted_in_place_and_refused_in_order() {
    let mut link = Item::stored("link", b"/etc/passwd", Sizes::Ahead);
    link.attributes = 0o120_777 << 16;
    let zip = handmade(&[link]);
    let summary = check_structure(&file_of(&zip), &Limits::default()).unwrap();
    assert_eq!(summary.symlinks, 1);
    let error = walk_with(&Limits::default(), &zip).unwrap_err();
    assert!(matches!(error, InnerError::UnsafeName { .. }), "{error}");
}

#[test]
fn limits_hold_in_order_and_in_place() {
    let zip = zip_of(&[("a", &vec![0; 100_000]), ("b", &[0; 10])]);
    let both = |max_entries, max_size| {
        let limits = Limits {
            max_entries,
            max_size,
        };
        let results = [
            walk_with(&limits, &zip),
            check_structure(&file_of(&zip), &limits).map(|_| ()),
        ];
        results.map(|result| match result {
            Ok(()) => false,
            Err(InnerError::TooLarge { .. }) => true,
            Err(error) => panic!("{error}"),
        })
    };
    assert_eq!(both(2, 100_010), [false; 2]);
    assert_eq!(both(1, 100_010), [true; 2]);
    assert_eq!(both(2, 100_009), [true; 2]);
    assert_eq!(both(2, 0), [true; 2]);
}

#[test]
fn output_is_counted_before_sizes_are_known() {
    let bomb = Item::deflated("bomb", &vec![0; 10_000_000], BEHIND);
    let zip = handmade(&[bomb]);
    let limits = Limits {
        max_entries: 1,
        max_size: 1_000_000,
    };
    let mut taken = 0;
    let mut visitor = |_: EntryName<'_>, data: &mut dyn Read| {
        taken = std::io::copy(data, &mut std::io::sink()).unwrap_or(0);
        Ok(())
    };
    let swallowed = walk(&mut &zip[..], &limits, &mut visitor).unwrap_err();
    assert!(swallowed.to_string().contains("reading it failed"));
    assert_eq!(taken, 0);
    assert!(matches!(
        walk_with(&limits, &zip),
        Err(InnerError::TooLarge { .. })
    ));
}

#[test]
fn a_swallowed_error_is_not_forgotten() {
    let mut item = Item::deflated("a", &noise(100_000), BEHIND);
    item.packed[60_000..].fill(0xff);
    let mut visitor = |_: EntryName<'_>, data: &mut dyn Read| {
        data.read_to_end(&mut Vec::new()).or(Ok(0)).map(|_| ())
    };
    let zip = handmade(&[item]);
    let error = walk(&mut &zip[..], &Limits::default(), &mut visitor).unwrap_err();
    assert!(error.to_string().contains("reading it failed"), "{error}");
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
    for (zip, expected) in [(items(60_000, 0), "names"), (items(0, 60_000), "directory")] {
        match walk_with(&Limits::default(), &zip) {
            Err(InnerError::TooLarge { what, .. }) => assert!(what.contains(expected)),
            other => panic!("{other:?}"),
        }
    }
}
