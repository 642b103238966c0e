//! The digests of both programs.

use alloy_primitives::keccak256;

use super::sample::{file, sha256};
use crate::chain::poco::Id;
use crate::verify::digest::Digests;
use crate::verify::{HashedFile, Plaintext};

fn folder(files: Vec<HashedFile>) -> Plaintext {
    Plaintext {
        is_folder: true,
        files,
        below: 0,
        others: 0,
    }
}

fn id(digits: &str) -> Id {
    digits.parse().unwrap()
}

#[test]
fn a_file_has_its_sha256_and_a_folder_the_hash_of_those() {
    let one = Plaintext {
        is_folder: false,
        ..folder(vec![file("x", "Hello, world!")])
    };
    let expected = id("0x315f5bdb76d078c43b8ac0064e4a0164612b1fce77c869345bfc94c75894edd3");
    let digests = Digests::of(&one);
    assert_eq!(
        (digests.java, digests.rust, digests.doubt),
        (expected, Some(expected), None)
    );

    let expected = id("0xee5bc6a4e55560c09500c87e64efda478c04b6136975f6a56436d8421fa4330a");
    // In whatever order they are in the zip.
    let files = vec![file("out/b.txt", "beta"), file("out/a.txt", "alpha")];
    let digests = Digests::of(&folder(files));
    assert_eq!(
        (digests.java, digests.rust, digests.doubt),
        (expected, Some(expected), None)
    );
}

#[test]
fn a_folder_of_one_file_is_not_that_file() {
    let digests = Digests::of(&folder(vec![file("out/a", "alpha")]));
    assert_eq!(digests.java, keccak256(sha256(b"alpha").as_bytes()).into());
    assert_eq!(digests.rust, Some(digests.java));
}

#[test]
fn empty_files_count_in_java_alone() {
    let full = Digests::of(&folder(vec![file("a", "alpha")]));
    let both = Digests::of(&folder(vec![file("a", "alpha"), file("b", "")]));
    assert_eq!(both.rust, Some(full.java));
    assert_ne!(both.java, full.java);
    assert!(both.doubt.is_some());
    let joined = [*sha256(b"alpha").as_bytes(), *sha256(b"").as_bytes()].concat();
    assert_eq!(both.java, keccak256(joined).into());
    assert!(both.have(both.java) && both.have(full.java) && !both.have(Id::ZERO));

    let alone = Plaintext {
        is_folder: false,
        ..folder(vec![file("x", "")])
    };
    let digests = Digests::of(&alone);
    assert_eq!((digests.java, digests.rust), (sha256(b""), None));
    assert!(digests.doubt.is_some());
    assert_eq!(Digests::of(&folder(vec![file("x", "")])).rust, None);
}

#[test]
fn names_are_put_in_order_by_utf_16_and_by_bytes() {
    // In UTF-8 the first is smaller; in UTF-16 it has a surrogate, which is.
    let (private, emoji) = (file("\u{e000}", "private"), file("\u{1f600}", "emoji"));
    let hash = |files: [&HashedFile; 2]| -> Id {
        let hashes: Vec<u8> = files.iter().flat_map(|it| *it.sha256.as_bytes()).collect();
        keccak256(hashes).into()
    };
    let (java, rust) = (hash([&emoji, &private]), hash([&private, &emoji]));
    let digests = Digests::of(&folder(vec![private, emoji]));
    assert_eq!((digests.java, digests.rust), (java, Some(rust)));
    assert!(digests.doubt.is_some());
}

#[test]
fn folders_in_the_folder_leave_a_doubt() {
    let deep = Plaintext {
        below: 1,
        ..folder(vec![file("out/a", "alpha")])
    };
    assert!(Digests::of(&deep).doubt.is_some());
    let beside = Plaintext {
        others: 1,
        ..folder(vec![file("out/a", "alpha")])
    };
    assert_eq!(Digests::of(&beside).doubt, None);
}
