//! What is no archive, or a broken one, is refused by what it says of itself: nothing is written, and the token is not
//! asked unless the damage shows only at the end of the body.

use std::ffi::OsStr;

use crate::support::*;

const MAGIC_LOCAL: &[u8] = b"PK\x03\x04";
const MAGIC_CENTRAL: &[u8] = b"PK\x01\x02";

/// A bad archive, its exit code, and words that its message holds.
struct Bad {
    name: &'static str,
    archive: Vec<u8>,
    exit: i32,
    says: &'static str,
}

struct Parts {
    sealed: Sealed,
    body: Entry,
    key: Entry,
}

impl Parts {
    fn new(public: &str) -> Self {
        let noise: Vec<u8> = (0..3000_u32).map(|i| (i * i / 7) as u8).collect();
        let plain = plain_zip(&[("result.bin", &noise)]);
        let sealed = Sealed::current(public, &plain);
        Self {
            body: sealed.body_entry(),
            key: sealed.key_entry(),
            sealed,
        }
    }

    fn archive(&self) -> Vec<u8> {
        self.sealed.archive()
    }

    fn with_body(&self, change: impl FnOnce(&mut Entry)) -> Vec<u8> {
        let mut body = self.body.clone();
        change(&mut body);
        Zip::of([body, self.key.clone()]).bytes()
    }

    fn with_key(&self, change: impl FnOnce(&mut Entry)) -> Vec<u8> {
        let mut key = self.key.clone();
        change(&mut key);
        Zip::of([self.body.clone(), key]).bytes()
    }

    fn key_of_len(&self, len: usize) -> Vec<u8> {
        self.with_key(|key| key.data = vec![0x81; len])
    }
}

/// What is refused before the token is looked for.
fn refused_at_sight(parts: &Parts) -> Vec<Bad> {
    let good = parts.archive();
    let central = find(&good, MAGIC_CENTRAL);
    let cut = |len: usize| good[..len].to_vec();
    let zip = |entries: &[&Entry]| Zip::of(entries.iter().copied().cloned()).bytes();
    let named = |entry: &Entry, name: &str| Entry {
        name: name.into(),
        ..entry.clone()
    };
    let (body, key) = (&parts.body, &parts.key);
    let old_key = &named(key, "iexec_out/encrypted_key");
    let old_body = &named(body, "iexec_out/result.zip.aes");
    let guide_key = &named(key, "iexec_out/aes-key.rsa");
    let plain = plain_zip(&[("stdout.txt", b"Hello"), ("computed.json", b"{}")]);
    let prefixed = Zip {
        prefix: b"#!/bin/sh\n".to_vec(),
        ..Zip::of([body.clone(), key.clone()])
    };
    let counted = |count| {
        Zip {
            count: Some(count),
            ..Zip::of([body.clone(), key.clone()])
        }
        .bytes()
    };
    let bad = |name, says, archive| Bad {
        name,
        archive,
        exit: 21,
        says,
    };
    vec![
        bad("empty file", "not a zip", vec![]),
        bad("three bytes", "not a zip", b"PK\x03".to_vec()),
        bad("text", "not a zip", b"<html>404</html>".repeat(9)),
        bad(
            "gzip",
            "not a zip",
            [&[0x1f, 0x8b, 8, 0][..], &good].concat(),
        ),
        bad("something in front", "not a zip", prefixed.bytes()),
        bad("cut in the header", "cut short", cut(20)),
        bad("cut in the body", "cut short", cut(1000)),
        bad("cut before the directory", "cut short", cut(central)),
        bad("cut in the directory", "cut short", cut(central + 30)),
        bad("cut by a byte", "cut short", cut(good.len() - 1)),
        bad(
            "something behind",
            "does not end where",
            [&good[..], b"!"].concat(),
        ),
        bad("empty zip", "not an encrypted result", zip(&[])),
        bad("unencrypted result", "not an encrypted result", plain),
        bad("no body", "not iexec_out.zip.aes", zip(&[key])),
        bad("no key", "not aes-key.rsa", zip(&[body])),
        bad("halves of two layouts", "but not", zip(&[body, old_key])),
        bad(
            "case differs",
            "not aes-key.rsa",
            zip(&[body, &named(key, "AES-KEY.RSA")]),
        ),
        bad("body twice", "", zip(&[body, body, key])),
        bad("key twice", "", zip(&[body, key, key])),
        bad(
            "two layouts",
            "more than one result",
            zip(&[body, key, old_body, old_key]),
        ),
        bad(
            "two keys",
            "more than one result",
            zip(&[old_body, old_key, guide_key]),
        ),
        bad(
            "entry hidden from the directory",
            "",
            parts.with_key(|it| it.hidden = true),
        ),
        bad("one entry declared", "", counted(1)),
        bad("three entries declared", "", counted(3)),
        bad(
            "local name differs",
            "",
            parts.with_body(|it| it.local_name = Some(b"iexec_out.zip.aeS".to_vec())),
        ),
        bad(
            "local size differs",
            "",
            parts.with_body(|it| it.local_size = Some(1)),
        ),
        bad(
            "packed size reaches into the directory",
            "",
            parts.with_body(|it| it.packed_size = Some(1 << 20)),
        ),
        bad(
            "packed size is short",
            "",
            parts.with_body(|it| it.packed_size = Some(100)),
        ),
        bad(
            "key is longer than declared",
            "",
            parts.with_key(|it| (it.size, it.local_size) = (Some(128), Some(128))),
        ),
        bad(
            "key is shorter than declared",
            "",
            parts.with_key(|it| (it.size, it.local_size) = (Some(512), Some(512))),
        ),
        bad(
            "CRC of the key",
            "CRC",
            parts.with_key(|it| it.crc = Some(7)),
        ),
        bad("overlapping entries", "", overlapping(parts)),
        bad(
            "zip password on the body",
            "iexec_out.zip.aes in it is encrypted with a zip password",
            parts.with_body(|it| it.flags = 1),
        ),
        bad(
            "zip password on the key",
            "encrypted with a zip password",
            parts.with_key(|it| it.flags = 1),
        ),
        bad(
            "bzip2 of the body",
            "iexec_out.zip.aes in it is compressed with bzip2",
            parts.with_body(|it| it.method_id = Some(12)),
        ),
        bad(
            "unknown method of the key",
            "aes-key.rsa",
            parts.with_key(|it| it.method_id = Some(99)),
        ),
        bad(
            "key of 0 bytes",
            "wrapped key is 0 bytes",
            parts.key_of_len(0),
        ),
        bad(
            "key of 1 byte",
            "wrapped key is 1 bytes",
            parts.key_of_len(1),
        ),
        bad(
            "key of 255 bytes",
            "wrapped key is 255 bytes",
            parts.key_of_len(255),
        ),
        bad(
            "key of 257 bytes",
            "wrapped key is 257 bytes",
            parts.key_of_len(257),
        ),
        bad(
            "key of 65 KiB",
            "wrapped key is 66560 bytes",
            parts.key_of_len(65 << 10),
        ),
        bad(
            "body cut in its middle, put together again",
            "",
            [&good[..600], &good[900..]].concat(),
        ),
    ]
}

/// The directory says that the key begins where the body does.
fn overlapping(parts: &Parts) -> Vec<u8> {
    let mut archive = parts.archive();
    let first = find(&archive, MAGIC_CENTRAL);
    let second = first + 4 + find(&archive[first + 4..], MAGIC_CENTRAL);
    archive[second + 42..second + 46].fill(0);
    assert!(archive.starts_with(MAGIC_LOCAL));
    archive
}

/// What shows only when the whole body has been read.
fn refused_at_the_end(parts: &Parts) -> Vec<Bad> {
    let bad = |name, says, archive| Bad {
        name,
        archive,
        exit: 21,
        says,
    };
    let len = parts.body.data.len() as u64;
    let lying = |size| move |it: &mut Entry| (it.size, it.local_size) = (Some(size), Some(size));
    let mut corrupt = parts.archive();
    corrupt[700] ^= 0xff;
    let mut stored = Zip::of([parts.body.clone().stored(), parts.key.clone()]).bytes();
    stored[700] ^= 0xff;
    vec![
        bad(
            "CRC of the body",
            "CRC",
            parts.with_body(|it| it.crc = Some(7)),
        ),
        bad(
            "body is longer than declared",
            "damaged",
            parts.with_body(lying(len - 16)),
        ),
        bad(
            "body is shorter than declared",
            "damaged",
            parts.with_body(lying(len + 16)),
        ),
        bad("a byte of the deflated body changed", "damaged", corrupt),
        bad("a byte of the stored body changed", "CRC", stored),
    ]
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    let mut windows = haystack.windows(needle.len());
    windows.position(|it| it == needle).unwrap()
}

/// Runs `decrypt`; whatever it says, everything must be as it was before.
#[track_caller]
fn decrypt_in_vain<S: AsRef<OsStr>>(work: &Work, args: &[S], module: Option<&str>) -> Run {
    let mut cmd = work.cmd(["result", "decrypt"]).pin();
    for arg in args {
        cmd = cmd.arg(arg);
    }
    if let Some(module) = module {
        cmd = cmd.env("IEXEC_HSM_MODULE", module);
    }
    let run = unchanged(&work.folder(), || cmd.run());
    assert_eq!(run.out(), "");
    run
}

const NO_MODULE: Option<&str> = Some("/nowhere/module.so");

#[test]
fn bad_archives_are_refused_with_a_reason_before_the_token_is_looked_for() {
    let (_, public) = openssl::rsa_key(2048);
    let work = Work::without_token();
    for bad in refused_at_sight(&Parts::new(&public)) {
        work.write("encryptedResults.zip", &bad.archive);
        let name = bad.name;
        for args in [&[][..], &["--extract", "out"], &["--output", "-"]] {
            let run = decrypt_in_vain(&work, args, NO_MODULE);
            assert_eq!(run.code, Some(bad.exit), "{name} {args:?}: {}", run.err());
            assert!(run.err().contains(bad.says), "{name}: {}", run.err());
            assert!(run.err().contains("\n hint: "), "{name}: {}", run.err());
        }
        let raw = decrypt_in_vain(&work, &["--raw"], NO_MODULE);
        assert_eq!(raw.raw_error()["code"], "not-an-archive", "{name}");
        let piped = work.cmd(["result", "decrypt", "-"]).stdin(bad.archive);
        let run = piped.env("IEXEC_HSM_MODULE", "/nowhere/module.so").run();
        assert_eq!(run.code, Some(bad.exit), "{name} piped: {}", run.err());
        assert_eq!(work.files(), ["encryptedResults.zip"], "{name}");
        let inspect = work.cmd(["result", "inspect", "--no-token"]).run();
        assert_eq!(inspect.code, Some(bad.exit), "{name} inspected");
    }
}

#[test]
fn the_archive_that_the_bad_ones_are_made_of_is_good() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("encryptedResults.zip", Parts::new(&keyed.public).archive());
    assert_eq!(decrypt_in_vain(&work, &[""; 0], NO_MODULE).code, Some(10));
    work.run(["result", "decrypt"]).ok();
}

#[test]
fn a_damaged_body_is_named_as_such_and_leaves_nothing_behind() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for bad in refused_at_the_end(&Parts::new(&keyed.public)) {
        let name = bad.name;
        work.write("encryptedResults.zip", &bad.archive);
        for args in [&[][..], &["--extract", "out"], &["--output", "-"]] {
            let run = decrypt_in_vain(&work, args, None);
            assert_eq!(run.code, Some(bad.exit), "{name} {args:?}: {}", run.err());
            assert!(run.err().contains(bad.says), "{name}: {}", run.err());
            assert!(run.err().contains("Download it again"), "{}", run.err());
            let said = run.err().matches("is damaged").count();
            assert_eq!(said, 1, "{name}: {}", run.err());
        }
    }
}

#[test]
fn a_damaged_body_is_named_as_such_whatever_key_it_was_sealed_for() {
    let keyed = Keyed::new();
    let (_, stranger) = openssl::rsa_key(2048);
    let work = keyed.work();
    for bad in refused_at_the_end(&Parts::new(&stranger)) {
        work.write("encryptedResults.zip", &bad.archive);
        let run = decrypt_in_vain(&work, &[""; 0], None);
        assert_eq!(run.code, Some(bad.exit), "{}: {}", bad.name, run.err());
    }
}

#[test]
fn a_name_in_an_archive_cannot_move_the_terminal() {
    let (_, public) = openssl::rsa_key(2048);
    let parts = Parts::new(&public);
    let work = Work::without_token();
    let odd = Entry::new("\u{1b}[2J\u{202e}odd", "");
    let mut zip = Zip::of([odd, parts.body.clone(), parts.key.clone()]).bytes();
    // The time in the local header is not that in the directory.
    zip[10] ^= 1;
    work.write("encryptedResults.zip", zip);
    let run = decrypt_in_vain(&work, &[""; 0], NO_MODULE).fails(21);
    assert!(run.err().contains("odd"), "{}", run.err());
    let moves = |it: char| it == '\u{1b}' || it == '\u{202e}';
    assert!(!run.err().contains(moves), "{:?}", run.err());
}

#[test]
fn limits_are_kept_before_the_token_is_looked_for() {
    let (_, public) = openssl::rsa_key(2048);
    let parts = Parts::new(&public);
    let work = Work::without_token();
    work.write("encryptedResults.zip", parts.archive());
    let run = decrypt_in_vain(&work, &["--max-size", "1K"], NO_MODULE).fails(24);
    assert!(run.err().contains("--max-size"), "{}", run.err());
    let run = decrypt_in_vain(&work, &["--max-entries", "1"], NO_MODULE).fails(24);
    assert!(run.err().contains("--max-entries"), "{}", run.err());

    let sizes = |it: &mut Entry| (it.size, it.local_size) = (Some(1 << 40), Some(1 << 40));
    work.write(
        "encryptedResults.zip",
        parts.with_body(|it| {
            it.zip64 = true;
            sizes(it);
        }),
    );
    decrypt_in_vain(&work, &[""; 0], NO_MODULE).fails(24);
}
