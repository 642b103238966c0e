#![allow(clippy::unwrap_used)]

use super::super::cid::Version;
use super::super::encoded::{self, Part};
use super::super::node::NodeError;
use super::super::varint;
use super::*;

const HELLO: &[u8] = b"hello world\n";
const HELLO_V0: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
const HELLO_V1: &str = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

/// CARs of the importer of IPFS: `vectors/make.mjs`.
const CAR_V0: &[u8] = include_bytes!("../vectors/hello-v0.car");
const CAR_V1: &[u8] = include_bytes!("../vectors/hello-v1.car");
const TREE: &[u8] = include_bytes!("../vectors/tree.car");
const ZEROS: &[u8] = include_bytes!("../vectors/zeros.car");
const FOLDER: &[u8] = include_bytes!("../vectors/folder.car");

/// What came out, and how it ended.
fn read(car: &[u8], location: &str, start: u64) -> (Vec<u8>, Result<u64, CarError>) {
    let mut out = Vec::new();
    let location = location.parse().unwrap();
    let result = VerifiedFile::open(car, &location, start).and_then(|file| {
        let size = file.size();
        file.read(|bytes| {
            out.extend(bytes);
            Ok::<_, CarError>(())
        })?;
        Ok(size)
    });
    (out, result)
}

fn whole(car: &[u8], location: &str) -> Vec<u8> {
    let (out, result) = read(car, location, 0);
    assert_eq!(result.unwrap(), out.len() as u64);
    out
}

fn error(car: &[u8], location: &str) -> CarError {
    read(car, location, 0).1.unwrap_err()
}

fn location_of(cid: &Cid) -> String {
    format!("/ipfs/{cid}")
}

/// The sections of a CAR: where each begins, and its CID.
fn sections(car: &[u8]) -> Vec<(usize, Cid)> {
    let (len, more) = varint::read(car).unwrap();
    let mut at = more + len as usize;
    let mut sections = Vec::new();
    while at < car.len() {
        let (len, more) = varint::read(&car[at..]).unwrap();
        sections.push((at, Cid::read(&car[at + more..]).unwrap().0));
        at += more + len as usize;
    }
    sections
}

fn root_of(car: &[u8]) -> String {
    location_of(&sections(car)[0].1)
}

/// A CAR of these blocks, the first of which is the root.
fn car_of(blocks: &[(Cid, Vec<u8>)]) -> Vec<u8> {
    let mut car = b"\x11\xa2\x65roots\x80\x67version\x01".to_vec();
    for (cid, block) in blocks {
        let mut section = Vec::new();
        cid.write(&mut section);
        section.extend(block);
        varint::write(section.len() as u64, &mut car);
        car.extend(section);
    }
    car
}

fn cid_of(codec: Codec, block: &[u8]) -> Cid {
    use sha2::{Digest as _, Sha256};
    Cid::new(Version::V1, codec, Sha256::digest(block).into())
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 151 + (i >> 8) * 7) as u8).collect()
}

#[test]
fn the_cars_of_ipfs_give_their_files() {
    assert_eq!(whole(CAR_V0, &format!("/ipfs/{HELLO_V0}")), HELLO);
    assert_eq!(whole(CAR_V1, &format!("/ipfs/{HELLO_V1}")), HELLO);
    assert_eq!(whole(TREE, &root_of(TREE)), bytes(1000));
    assert_eq!(whole(ZEROS, &root_of(ZEROS)), [0; 900]);
}

#[test]
fn a_file_in_a_folder_is_found_by_its_names() {
    let root = root_of(FOLDER);
    // Of the folders on the way only the blocks of these are sent.
    let path: Vec<_> = sections(FOLDER);
    let names = format!("{root}/a/result.zip");
    let upto = path
        .iter()
        .position(|(_, cid)| cid.to_string() == HELLO_V0)
        .unwrap();
    assert!(upto >= 2, "{path:?}");
    let blocks: Vec<_> = [0, 1, upto].map(|at| block_at(FOLDER, at)).to_vec();
    assert_eq!(whole(&car_of(&blocks), &names), HELLO);

    let is_a_folder = error(FOLDER, &root);
    assert!(
        matches!(is_a_folder, CarError::Node(_, NodeError::Folder)),
        "{is_a_folder}"
    );
    let missing = error(FOLDER, &format!("{root}/b")).to_string();
    assert!(missing.ends_with("the folder has no \"b\""), "{missing}");
    let no_folder = error(CAR_V0, &format!("/ipfs/{HELLO_V0}/b"));
    assert!(
        matches!(no_folder, CarError::Node(_, NodeError::NotAFolder)),
        "{no_folder}"
    );
    let no_folder = error(CAR_V1, &format!("/ipfs/{HELLO_V1}/b"));
    assert!(
        matches!(no_folder, CarError::Node(_, NodeError::NotAFolder)),
        "{no_folder}"
    );
}

fn block_at(car: &[u8], number: usize) -> (Cid, Vec<u8>) {
    let sections = sections(car);
    let (at, cid) = sections[number];
    let end = sections.get(number + 1).map_or(car.len(), |(at, _)| *at);
    let (_, more) = varint::read(&car[at..]).unwrap();
    let (_, len) = Cid::read(&car[at + more..end]).unwrap();
    (cid, car[at + more + len..end].to_vec())
}

#[test]
fn every_flipped_byte_is_found_before_it_is_given_out() {
    let root = root_of(TREE);
    let (expected, header) = (bytes(1000), sections(TREE)[0].0);
    for at in (header..TREE.len()).step_by(7) {
        let mut car = TREE.to_vec();
        car[at] ^= 1;
        let (out, result) = read(&car, &root, 0);
        assert!(result.is_err(), "byte {at}");
        assert!(expected.starts_with(&out), "byte {at}");
    }
    let (last, _) = *sections(TREE).last().unwrap();
    let mut car = TREE.to_vec();
    *car.last_mut().unwrap() ^= 1;
    let (out, result) = read(&car, &root, 0);
    assert!(matches!(result, Err(CarError::Different(_))), "{last}");
    assert_eq!(out, expected[..996]);
}

#[test]
fn a_car_that_is_cut_anywhere_says_so() {
    let (root, expected) = (root_of(TREE), bytes(1000));
    for len in (0..TREE.len()).step_by(11).chain([TREE.len() - 1]) {
        let (out, result) = read(&TREE[..len], &root, 0);
        assert!(matches!(result, Err(CarError::Cut)), "{len}: {result:?}");
        assert!(expected.starts_with(&out), "{len}");
    }
}

#[test]
fn what_follows_is_an_error() {
    for more in [&b"x"[..], b"\0", CAR_V0] {
        let car = [CAR_V0, more].concat();
        let (out, result) = read(&car, &format!("/ipfs/{HELLO_V0}"), 0);
        assert!(matches!(result, Err(CarError::Trailing)), "{result:?}");
        assert_eq!(out, HELLO);
    }
}

#[test]
fn the_rest_of_a_file_can_come_by_itself() {
    let (root, expected) = (root_of(TREE), bytes(1000));
    let all: Vec<_> = (0..sections(TREE).len())
        .map(|at| block_at(TREE, at))
        .collect();
    // 1,000 bytes in chunks of 4 are 250 chunks below nodes of 174 and 76.
    assert_eq!(all.len(), 1 + 2 + 250);
    for (start, blocks) in [
        (4, [&all[..2], &all[3..]].concat()),
        (174 * 4, [&all[..1], &all[176..]].concat()),
        (180 * 4, [&all[..1], &all[176..177], &all[183..]].concat()),
        (998, [&all[..1], &all[176..177], &all[252..]].concat()),
        (1000, all[..1].to_vec()),
    ] {
        let (out, result) = read(&car_of(&blocks), &root, start);
        result.unwrap();
        assert!(out == expected[start as usize..], "{start}");
    }
    // A server that does not know of it sends everything.
    let (out, result) = read(TREE, &root, 180 * 4);
    assert!(matches!(result, Err(CarError::Unexpected(_))), "{result:?}");
    assert_eq!(out, b"");
}

#[test]
fn blocks_that_are_sent_once_only_are_missed() {
    let root = root_of(ZEROS);
    let mut seen = Vec::new();
    let all = (0..sections(ZEROS).len()).map(|at| block_at(ZEROS, at));
    let once: Vec<_> = all
        .filter(|(cid, _)| {
            let is_new = !seen.contains(cid);
            seen.push(*cid);
            is_new
        })
        .collect();
    let found = error(&car_of(&once), &root);
    assert!(matches!(found, CarError::Unexpected(_)), "{found}");
}

#[test]
fn sizes_that_differ_from_the_bytes_are_found() {
    let block = b"four".to_vec();
    let leaf = cid_of(Codec::Raw, &block);
    let part = Part {
        cid: leaf,
        size: 5,
        stored: 5,
    };
    let node = encoded::node(&[part]);
    let root = cid_of(Codec::DagPb, &node);
    let found = error(&car_of(&[(root, node), (leaf, block)]), &location_of(&root));
    assert!(
        matches!(found, CarError::Size(cid) if cid == leaf),
        "{found}"
    );
}

#[test]
fn a_tree_may_be_so_deep_and_no_deeper() {
    let block = b"x".to_vec();
    let mut blocks = vec![(cid_of(Codec::Raw, &block), block)];
    for depth in 1..=DEEPEST + 1 {
        let part = Part {
            cid: blocks[0].0,
            size: 1,
            stored: 1,
        };
        let node = encoded::node(&[part]);
        blocks.insert(0, (cid_of(Codec::DagPb, &node), node));
        let (out, result) = read(&car_of(&blocks), &location_of(&blocks[0].0), 0);
        if depth <= DEEPEST {
            assert_eq!((out.as_slice(), result.unwrap()), (&b"x"[..], 1));
        } else {
            assert!(matches!(result, Err(CarError::TooDeep)), "{result:?}");
        }
    }
}

#[test]
fn what_is_no_car_is_refused() {
    let hello = format!("/ipfs/{HELLO_V0}");
    let of = |bytes: &[u8]| error(bytes, &hello).to_string();
    for (bytes, reason) in [
        (
            &b"<!DOCTYPE html><html><head><title>Not found</title></head><body></body></html>"[..],
            "it begins with no header of one",
        ),
        (b"PK\x03\x04", "it ends too early"),
        (
            b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            "its header is too long",
        ),
        (
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            "a length is malformed",
        ),
        (b"\0", "a section is empty"),
        (
            b"\x11\xa2\x65roots\x80\x67version\x02",
            "it has another version than 1",
        ),
        (b"\x0a\xa1\x67version\x01", "it ends too early"),
    ] {
        let found = of(bytes);
        assert!(found.ends_with(reason), "{found}");
    }
    let header = b"\x11\xa2\x65roots\x80\x67version\x01";
    let huge = [&header[..], b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f"].concat();
    assert!(of(&huge).contains("more than 4194304 bytes"));
    let other_hash = [&header[..], b"\x05\x01\x55\x1b\x20\0"].concat();
    assert!(of(&other_hash).ends_with("a block has no CID that is known"));
}
