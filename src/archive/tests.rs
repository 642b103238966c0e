//! Archives of every layout, and what is wrong with others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use zip::CompressionMethod;

use super::seekable::Keep;
use super::testing::{Item, Sizes, handmade, handmade_wide, noise, zip_of, zip_with};
use super::{Archive, ArchiveError, Limits, Scheme};
use crate::file::ReadAt as _;

const ROOT: [&str; 2] = ["aes-key.rsa", "iexec_out.zip.aes"];
const GUIDE: [&str; 2] = ["iexec_out/aes-key.rsa", "iexec_out/result.zip.aes"];
const GUIDE_2019: [&str; 2] = ["iexec_out/encrypted_key", "iexec_out/result.zip.aes"];

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn open(path: &Path) -> Result<Archive, ArchiveError> {
    Archive::open(path, &Limits::default())
}

fn open_bytes(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let folder = TempDir::new().unwrap();
    open(&write(&folder, "task.zip", bytes))
}

fn assert_holds(archive: &Archive, scheme: Scheme, key: &[u8], body: &[u8]) {
    assert_eq!(archive.layout().scheme, scheme);
    assert_eq!(archive.wrapped_key().scheme(), scheme);
    assert_eq!(archive.wrapped_key().ciphertext(), key);
    assert_eq!(archive.body_len(), body.len() as u64);
    for _ in 0..2 {
        let mut read = Vec::new();
        archive.body().read_to_end(&mut read).unwrap();
        assert!(read == body);
    }
}

#[test]
fn every_layout_opens_from_zip_pipe_folder_and_body() {
    let (key, body) = (noise(512), noise(4000));
    let text = STANDARD.encode(&key).into_bytes();
    let cases = [
        (ROOT, &key, Scheme::Current),
        (ROOT, &text, Scheme::LegacyEcb),
        (GUIDE, &key, Scheme::Current),
        (GUIDE, &text, Scheme::LegacyEcb),
        (GUIDE_2019, &key, Scheme::Guide2019),
    ];
    for (names, key_entry, scheme) in cases {
        let folder = TempDir::new().unwrap();
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let zip = zip_with(
                method,
                &[(names[1], &body), ("extra", b"x"), (names[0], key_entry)],
            );
            let archive = open_bytes(&zip).unwrap();
            assert_holds(&archive, scheme, &key, &body);
            assert_eq!(archive.layout().key_entry, names[0]);
            assert_eq!(archive.layout().body_entry, names[1]);
            let limits = Limits::default();
            let piped = Archive::from_stream(&zip[..], folder.path(), &limits).unwrap();
            assert_holds(&piped, scheme, &key, &body);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        write(&folder, names[0], key_entry);
        let body_path = write(&folder, names[1], &body);
        let own_folder = body_path.parent().unwrap();
        for path in [folder.path(), own_folder, &body_path] {
            assert_holds(&open(path).unwrap(), scheme, &key, &body);
        }
    }
}

#[test]
fn descriptors_and_zip64_open() {
    let (key, body) = (noise(256), noise(4000));
    let wide = Sizes::BehindWide { signature: true };
    for sizes in [Sizes::Behind { signature: true }, Sizes::AheadWide, wide] {
        let items = [
            Item::deflated(ROOT[1], &body, sizes),
            Item::deflated(ROOT[0], &key, sizes),
        ];
        for zip in [handmade(&items), handmade_wide(&items)] {
            assert_holds(&open_bytes(&zip).unwrap(), Scheme::Current, &key, &body);
        }
    }
}

#[test]
fn a_body_that_does_not_compress_can_be_read_at_any_place() {
    let (key, body) = (noise(256), noise(4000));
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let archive = open_bytes(&zip_with(method, &[(ROOT[0], &key), (ROOT[1], &body)])).unwrap();
        let mut part = [0; 100];
        let at_any_place = archive.seekable_body(Keep::nothing()).unwrap().unwrap();
        at_any_place.read_exact_at(&mut part, 3000).unwrap();
        assert_eq!(part, body[3000..3100]);
    }
    let zeros = zip_of(&[(ROOT[0], &key), (ROOT[1], &[0; 4000])]);
    assert!(
        open_bytes(&zeros)
            .unwrap()
            .seekable_body(Keep::nothing())
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_length_of_the_result_is_that_of_the_body_without_base64() {
    let key = noise(256);
    let text = STANDARD.encode(&key).into_bytes();
    for (names, key, expected) in [
        (ROOT, &key, 4000),
        (ROOT, &text, 3000),
        (GUIDE_2019, &key, 4000),
    ] {
        let zip = zip_of(&[(names[0], key), (names[1], &noise(4000))]);
        assert_eq!(open_bytes(&zip).unwrap().result_len(), expected);
    }
}

#[test]
fn the_entry_with_the_key_may_be_as_long_as_the_limit_and_no_longer() {
    let key = noise(2048);
    let mut text = STANDARD.encode(&key).into_bytes();
    text.resize(64 * 1024, b'\n');
    let archive = open_bytes(&zip_of(&[(ROOT[0], &text), (ROOT[1], b"x")])).unwrap();
    assert_eq!(archive.wrapped_key().ciphertext(), key);
    text.push(b'\n');
    let error = open_bytes(&zip_of(&[(ROOT[0], &text), (ROOT[1], b"x")])).unwrap_err();
    let expected = matches!(error, ArchiveError::WrappedKeyLength { len: 65_537 });
    assert!(expected, "{error}");
}

#[test]
fn a_file_that_cannot_be_looked_at_is_not_taken_for_absent() {
    let folder = TempDir::new().unwrap();
    write(&folder, ROOT[1], b"x");
    let link = folder.path().join(ROOT[0]);
    std::os::unix::fs::symlink(&link, &link).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(error.is_io() && !error.is_too_large(), "{error}");
    fs::remove_file(&link).unwrap();
    // A file where a folder could be hides nothing.
    write(&folder, "iexec_out", b"");
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::Missing { .. }), "{error}");
    assert!(!error.is_io());
}

#[test]
fn an_empty_body_is_not_judged_here() {
    let archive = open_bytes(&zip_of(&[(ROOT[0], &noise(512)), (ROOT[1], b"")])).unwrap();
    assert_eq!(archive.body_len(), 0);
}

#[test]
fn the_archive_of_the_sdk_opens() {
    let Some(folder) = std::env::var_os("IEXEC_HSM_SDK_FIXTURES") else {
        return;
    };
    let archive = open(&Path::new(&folder).join("encryptedResults.zip")).unwrap();
    assert_eq!(archive.layout().scheme, Scheme::Current);
    assert_eq!(archive.wrapped_key().ciphertext().len(), 512);
    let mut body = Vec::new();
    archive.body().read_to_end(&mut body).unwrap();
    assert_eq!(body.len(), 496);
}

#[test]
fn a_plain_result_is_named_as_such() {
    let plain = zip_of(&[("computed.json", b"{}"), ("result.txt", b"hello")]);
    let error = open_bytes(&plain).unwrap_err();
    assert!(matches!(error, ArchiveError::NotEncrypted));
    let error = open_bytes(&zip_of(&[])).unwrap_err();
    assert!(matches!(error, ArchiveError::NotEncrypted));
    let error = open(TempDir::new().unwrap().path()).unwrap_err();
    assert!(matches!(error, ArchiveError::NotEncrypted));
}

#[test]
fn a_body_without_its_key_is_explained() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "result.zip.aes", &noise(64));
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("aes-key.rsa or encrypted_key"));
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::Missing { .. }), "{error}");
    let error = open(&write(&folder, "other.aes", b"x")).unwrap_err();
    assert!(matches!(error, ArchiveError::LoneBody { .. }), "{error}");
    write(&folder, "encrypted_key", &noise(512));
    assert!(open(&path).is_ok());
    write(&folder, "aes-key.rsa", &noise(512));
    let error = open(&path).unwrap_err();
    assert!(matches!(error, ArchiveError::Ambiguous { .. }), "{error}");
}

#[test]
fn what_is_no_zip_is_told_from_a_cut_one() {
    let zip = zip_of(&[(ROOT[0], &noise(256)), (ROOT[1], &noise(300))]);
    for cut in 0..zip.len() {
        let error = open_bytes(&zip[..cut]).unwrap_err();
        match cut {
            0..4 => assert!(
                matches!(error, ArchiveError::NotAZip { .. }),
                "{cut}: {error}"
            ),
            _ => assert!(
                matches!(error, ArchiveError::Truncated { .. }),
                "{cut}: {error}"
            ),
        }
    }
    let folder = TempDir::new().unwrap();
    let limits = Limits::default();
    let error = Archive::from_stream(&b"<html>"[..], folder.path(), &limits).unwrap_err();
    assert!(matches!(error, ArchiveError::NotAZip { .. }));
    let error = open(&folder.path().join("nothing.zip")).unwrap_err();
    assert!(error.is_io());
    let error = open(Path::new("/dev/null")).unwrap_err();
    assert!(matches!(error, ArchiveError::NotAFile { .. }));
}

#[test]
fn limits_hold() {
    let body = noise(5000);
    let zip = zip_of(&[(ROOT[0], &noise(256)), (ROOT[1], &body)]);
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "task.zip", &zip);
    let refused = |max_entries, max_size| {
        let limits = Limits {
            max_entries,
            max_size,
        };
        match Archive::open(&path, &limits) {
            Ok(_) => false,
            Err(error) => error.is_too_large() || panic!("{error}"),
        }
    };
    assert!(!refused(2, 5000));
    assert!(refused(1, 5000));
    assert!(refused(2, 4999));
    let big_key = zip_of(&[(ROOT[0], &vec![0; 70_000]), (ROOT[1], &body)]);
    let error = open_bytes(&big_key).unwrap_err();
    let expected = ArchiveError::WrappedKeyLength { len: 70_000 };
    assert_eq!(error.to_string(), expected.to_string());
    let endless = zip.chain(std::io::repeat(0));
    let limits = Limits {
        max_entries: 10,
        max_size: 1000,
    };
    let error = Archive::from_stream(endless, folder.path(), &limits).unwrap_err();
    assert!(error.is_too_large());
    let endless = std::io::repeat(b'<');
    let error = Archive::from_stream(endless, folder.path(), &limits).unwrap_err();
    assert!(matches!(error, ArchiveError::NotAZip { .. }));
    write(&folder, ROOT[0], &noise(256));
    write(&folder, ROOT[1], &noise(1001));
    let error = Archive::open(folder.path(), &limits).unwrap_err();
    assert!(error.is_too_large());
}

#[test]
fn a_huge_directory_is_refused_before_it_is_read() {
    let mut zip = zip_of(&[(ROOT[0], &noise(256)), (ROOT[1], b"x")]);
    let end = zip.split_off(zip.len() - 22);
    let start = u32::from_le_bytes(end[16..20].try_into().unwrap());
    zip.resize(start as usize + 17 * 1024 * 1024, 0);
    let size = zip.len() as u32 - start;
    zip.extend(super::testing::end(2, size, start, b""));
    assert!(open_bytes(&zip).unwrap_err().is_too_large());
}

#[test]
fn what_readers_could_read_in_two_ways_is_refused() {
    let sizes = Sizes::Ahead;
    let item = |name, data: &[u8]| Item::stored(name, data, sizes);
    let good = || [item(ROOT[0], &noise(256)), item(ROOT[1], &noise(64))];
    assert!(open_bytes(&handmade(&good())).is_ok());

    let twice = [
        item(ROOT[0], &noise(256)),
        item(ROOT[0], &noise(128)),
        item(ROOT[1], b""),
    ];
    let renamed = {
        let mut zip = handmade(&good());
        zip[30] = b'b';
        zip
    };
    let hidden = {
        let mut zip = item(ROOT[0], &noise(128)).local();
        let offset = zip.len() as u64;
        let [key, body] = good();
        zip.extend(key.local());
        let body_offset = zip.len() as u64;
        zip.extend(body.local());
        let central = [key.central(offset), body.central(body_offset)].concat();
        let start = zip.len() as u32;
        zip.extend(&central);
        zip.extend(super::testing::end(2, central.len() as u32, start, b""));
        zip
    };
    let second_end = {
        let mut zip = handmade(&good());
        let fake = zip[zip.len() - 22..].to_vec();
        let at = zip.len() - 2;
        zip[at] = 24;
        zip.extend([fake, vec![0; 2]].concat());
        zip
    };
    let mut second_name = good();
    second_name[1].flags = 0;
    second_name[1].extra = {
        let crc = super::testing::crc(ROOT[1].as_bytes()).to_le_bytes();
        [
            &[0x75, 0x70, 22, 0, 1][..],
            &crc,
            ROOT[1].to_uppercase().as_bytes(),
        ]
        .concat()
    };
    let cases = [
        handmade(&twice),
        renamed,
        hidden,
        second_end,
        [handmade(&good()), vec![0]].concat(),
        handmade(&second_name),
    ];
    for (case, zip) in cases.iter().enumerate() {
        let error = open_bytes(zip).unwrap_err();
        let refused = matches!(error, ArchiveError::Malformed { .. });
        assert!(refused, "case {case}: {error}");
    }
}

#[test]
fn what_it_was_packed_with_is_named() {
    let packed = |change: fn(&mut Item)| {
        let mut items = [
            Item::stored(ROOT[0], &noise(256), Sizes::Ahead),
            Item::stored(ROOT[1], &noise(64), Sizes::Ahead),
        ];
        change(&mut items[1]);
        open_bytes(&handmade(&items)).unwrap_err()
    };
    for (error, how) in [
        (packed(|it| it.flags |= 1), "encrypted with a zip password"),
        (packed(|it| it.method = 12), "compressed with bzip2"),
        (packed(|it| it.method = 14), "compressed with LZMA"),
        (packed(|it| it.method = 93), "compressed with zstd"),
    ] {
        assert!(matches!(error, ArchiveError::Packed { .. }), "{error}");
        let said = error.to_string();
        assert!(
            said.contains(&format!("{} in it is {how}", ROOT[1])),
            "{said}"
        );
    }
}

#[test]
fn inputs_are_known_under_any_name() {
    let folder = TempDir::new().unwrap();
    let zip = zip_of(&[(ROOT[0], &noise(256)), (ROOT[1], b"x")]);
    let path = write(&folder, "task.zip", &zip);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let other = write(&folder, "other", b"");
    let archive = open(&link).unwrap();
    assert!(archive.is_file(&fs::metadata(&path).unwrap()));
    assert!(!archive.is_file(&fs::metadata(&other).unwrap()));
    let unzipped = TempDir::new().unwrap();
    let files = [
        write(&unzipped, ROOT[0], &noise(256)),
        write(&unzipped, ROOT[1], b"x"),
    ];
    let archive = open(unzipped.path()).unwrap();
    assert!(
        files
            .iter()
            .all(|file| archive.is_file(&fs::metadata(file).unwrap()))
    );
}
