//! Whatever is wrong with a ciphertext, the program has one face for it: the same words, the same exit code, nothing
//! written, and what stood there before still there. The token sees the same calls in the same order.

use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::support::*;

/// One archive that nobody may be able to tell from the others.
type Class = (&'static str, Vec<u8>);

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!"), ("data/x.bin", &[7; 5000])])
}

/// Everything that is wrong with the wrapped key.
fn bad_keys(public: &str, stranger: &str) -> Vec<Class> {
    let plain = plain();
    let good = Sealed::current(public, &plain);
    let modulus = modulus(public);
    let wrapped = |key: Vec<u8>| {
        Sealed {
            key,
            ..good.clone()
        }
        .archive()
    };
    let of_len = |len: usize| wrapped(openssl::rsa_wrap(public, &vec![0x42; len]));
    let padded = |start: &[u8], fill: u8, end: &[u8]| {
        let mut block = vec![fill; modulus.len() - start.len() - end.len()];
        block.splice(0..0, start.iter().copied());
        block.extend(end);
        wrapped(openssl::rsa_raw(public, &block))
    };
    let secret = [0x42; 32];
    let end = [&[0][..], &secret].concat();
    let mut one_less = modulus.clone();
    *one_less.last_mut().unwrap() -= 1;
    let len = modulus.len();
    let above = vec![0xff; len];
    let mut one = vec![0; len];
    one[len - 1] = 1;
    let mut random = vec![0; len];
    getrandom::fill(&mut random[1..]).unwrap();
    let legacy = Sealed::legacy_ecb(public, &plain);
    let legacy_key = |secret: &[u8]| {
        let key = BASE64_STANDARD.encode(openssl::rsa_wrap(public, secret));
        let key = key.into_bytes();
        Sealed {
            key,
            ..legacy.clone()
        }
        .archive()
    };
    let old = Sealed::guide_2019(public, &plain);
    let old_key = |key: Vec<u8>| Sealed { key, ..old.clone() }.archive();
    vec![
        ("another key", Sealed::current(stranger, &plain).archive()),
        (
            "another key, legacy",
            Sealed::legacy_ecb(stranger, &plain).archive(),
        ),
        (
            "another key, 2019",
            Sealed::guide_2019(stranger, &plain).archive(),
        ),
        ("random", wrapped(random.clone())),
        ("zero", wrapped(vec![0; len])),
        ("one", wrapped(one)),
        ("the modulus less one", wrapped(one_less)),
        ("the modulus", wrapped(modulus.clone())),
        ("above the modulus", wrapped(above)),
        ("all ones", wrapped(vec![0xff; len])),
        ("padding of type 1", padded(&[0, 1], 0xff, &end)),
        ("padding of type 0", padded(&[0, 0], 0x11, &end)),
        ("no zero before the padding", padded(&[1, 2], 0x11, &end)),
        ("padding without an end", padded(&[0, 2], 0x11, &[])),
        (
            "padding of 7 bytes",
            padded(&[0, 2, 1, 1, 1, 1, 1, 1, 1, 0], 0x11, &secret),
        ),
        ("0 bytes", padded(&[0, 2], 0x11, &[0])),
        ("16 bytes", of_len(16)),
        ("31 bytes", of_len(31)),
        ("another 32 bytes", of_len(32)),
        ("33 bytes", of_len(33)),
        ("245 bytes", of_len(245)),
        (
            "legacy, raw bytes in place of base64",
            legacy_key(&[0x80; 16]),
        ),
        (
            "legacy, base64 of 32 bytes",
            legacy_key(BASE64_STANDARD.encode([1; 32]).as_bytes()),
        ),
        (
            "2019, PKCS#1 in place of OAEP",
            old_key(openssl::rsa_wrap(public, &[1; 16])),
        ),
        (
            "2019, 24 bytes",
            old_key(openssl::rsa_wrap_oaep(public, &[1; 24])),
        ),
        ("2019, random", old_key(random)),
    ]
}

/// Everything that is wrong with the body, under a wrapped key that is right.
fn bad_bodies(public: &str) -> Vec<Class> {
    let plain = plain();
    let key = [0x42; 32];
    let good = Sealed {
        key: openssl::rsa_wrap(public, &key),
        body: openssl::cbc_body(&key, &plain),
        ..Sealed::current(public, &plain)
    };
    let body = |body: &[u8]| {
        Sealed {
            body: body.into(),
            ..good.clone()
        }
        .archive()
    };
    let sealed = |plain: &[u8]| body(&openssl::cbc_body(&key, plain));
    let blocks = |end: &[u8]| {
        let mut text = plain[..plain.len() / 16 * 16].to_vec();
        text.extend(end);
        body(&openssl::cbc_body_unpadded(&key, &text))
    };
    let whole = &good.body;
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        body(&bytes)
    };
    let mut directory = plain.clone();
    let central = directory
        .windows(4)
        .position(|it| it == b"PK\x01\x02")
        .unwrap();
    directory[central + 46] ^= 1;
    let mut end = plain.clone();
    let len = end.len();
    end[len - 6] ^= 1;
    let large = plain_zip(&[("noise", &noise(700_000))]);
    let large = openssl::cbc_body(&key, &large);
    let legacy = Sealed::legacy_ecb(public, &plain);
    let legacy_body = |text: &[u8]| {
        Sealed {
            body: text.into(),
            ..legacy.clone()
        }
        .archive()
    };
    let text = &legacy.body;
    vec![
        ("empty", body(b"")),
        ("half an IV", body(&whole[..8])),
        ("an IV only", body(&whole[..16])),
        ("one block", body(&whole[..32])),
        ("one byte less", body(&whole[..whole.len() - 1])),
        ("one byte more", body(&[&whole[..], b"x"].concat())),
        ("one block less", body(&whole[..whole.len() - 16])),
        ("one block more", body(&[&whole[..], &[7; 16]].concat())),
        ("IV changed", changed(0)),
        ("first block changed", changed(16)),
        ("last block changed", changed(whole.len() - 1)),
        ("padding of 0", blocks(&[0; 16])),
        ("padding of 17", blocks(&[17; 32])),
        (
            "padding that differs",
            blocks(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 3]),
        ),
        ("no zip in it", sealed(b"Hello, world!")),
        ("nothing in it", sealed(b"")),
        ("the beginning of a zip", sealed(b"PK\x03\x04")),
        ("zip cut in its end", sealed(&plain[..plain.len() - 5])),
        ("zip cut in its middle", sealed(&plain[..plain.len() / 2])),
        (
            "zip with more behind it",
            sealed(&[&plain[..], b"x"].concat()),
        ),
        ("zip with a broken directory", sealed(&directory)),
        ("zip whose end points elsewhere", sealed(&end)),
        ("large, one block less", body(&large[..large.len() - 16])),
        (
            "large, one block more",
            body(&[&large[..], &[9; 16]].concat()),
        ),
        (
            "large, first block changed",
            body(&[&large[..16], &[9; 16], &large[32..]].concat()),
        ),
        (
            "legacy, no base64",
            legacy_body(&[&text[..100], b"!!!!", &text[104..]].concat()),
        ),
        ("legacy, base64 cut", legacy_body(&text[..text.len() - 3])),
        ("legacy, raw bytes", legacy_body(whole)),
        (
            "legacy, a block less",
            legacy_body(BASE64_STANDARD.encode([7; 48]).as_bytes()),
        ),
        ("legacy, empty", legacy_body(b"")),
    ]
}

/// All that a run shows to the outside.
#[derive(Debug, PartialEq)]
struct Face {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// The functions of the module, as they were called.
    calls: Vec<String>,
}

/// Runs `decrypt` on `bad.zip`; it must change nothing.
#[track_caller]
fn face(work: &Work, faulty: &Faulty, name: &str, archive: &[u8], args: &[&str]) -> Face {
    work.write("bad.zip", archive);
    let cmd = work.cmd([&["result", "decrypt", "bad.zip"], args].concat());
    println!("{name} {args:?}");
    let cmd = faulty.drive(cmd.pin());
    let run = unchanged(&work.folder(), || cmd.run());
    let calls = faulty.ledger();
    Face {
        code: run.code,
        stdout: run.out(),
        stderr: run.err(),
        calls: calls.names().into_iter().map(str::to_owned).collect(),
    }
}

const WAYS: [&[&str]; 6] = [
    &[],
    &["--raw"],
    &["--output", "old.zip", "--force"],
    &["--extract", "new"],
    &["--extract", "old", "--force"],
    &["--output", "-", "--verify"],
];

/// Requires one face of all classes, whichever way the result was to go.
fn all_alike(keyed: &Keyed, classes: &[Class], ways: &[&[&str]]) {
    alike(keyed, classes, ways, |face| face);
}

/// Requires one face of all classes, as far as `part` goes.
fn alike(keyed: &Keyed, classes: &[Class], ways: &[&[&str]], part: impl Fn(Face) -> Face) {
    let (work, faulty) = (keyed.work(), Faulty::before(&keyed.token));
    work.write("old.zip", "what stood there before");
    work.write("old/data/x.bin", "what stood there before");
    for args in ways {
        let (first, archive) = &classes[0];
        let expected = face(&work, &faulty, first, archive, args);
        let uses = expected.calls.iter().filter(|it| *it == "C_Decrypt");
        assert!(uses.count() > 0, "{expected:?}");
        let expected = part(expected);
        assert_eq!(expected.code, Some(20), "{expected:?}");
        assert_eq!(expected.stdout, "");
        let told = expected.stderr.contains("cannot decrypt");
        assert!(told, "{expected:?}");
        for (name, archive) in &classes[1..] {
            let face = face(&work, &faulty, name, archive, args);
            assert_eq!(part(face), expected, "{name} {args:?}");
        }
    }
}

fn stranger() -> String {
    openssl::rsa_key(2048).1
}

#[test]
fn bad_wrapped_keys_and_bad_bodies_all_look_alike() {
    let keyed = Keyed::new();
    let mut classes = bad_keys(&keyed.public, &stranger());
    classes.extend(bad_bodies(&keyed.public));
    all_alike(&keyed, &classes, &WAYS[..2]);
}

#[test]
fn bad_bodies_look_alike_wherever_the_result_was_to_go() {
    let keyed = Keyed::new();
    all_alike(&keyed, &bad_bodies(&keyed.public), &WAYS[2..]);
}

#[test]
fn bad_wrapped_keys_look_alike_wherever_the_result_was_to_go() {
    let keyed = Keyed::new();
    all_alike(&keyed, &bad_keys(&keyed.public, &stranger()), &WAYS[2..]);
}

#[test]
fn two_keys_on_the_token_change_nothing_of_that() {
    let keyed = Keyed::new();
    let second = keyed.add_key(2048);
    let mut classes = bad_keys(&keyed.public, &stranger());
    classes.extend(bad_bodies(&keyed.public));
    classes.extend(bad_bodies(&second));
    all_alike(&keyed, &classes, &WAYS[..1]);
}

#[test]
fn a_key_of_another_size_looks_like_any_wrong_key() {
    let keyed = Keyed::new();
    let (_, larger) = openssl::rsa_key(3072);
    let classes = [
        (
            "another key",
            Sealed::current(&stranger(), &plain()).archive(),
        ),
        ("a larger key", Sealed::current(&larger, &plain()).archive()),
        (
            "a larger key, legacy",
            Sealed::legacy_ecb(&larger, &plain()).archive(),
        ),
        (
            "a larger key, 2019",
            Sealed::guide_2019(&larger, &plain()).archive(),
        ),
    ];
    // The length of a wrapped key is no secret: one that fits no key is not sent to the token.
    let but_for_calls = |face| Face {
        calls: vec![],
        ..face
    };
    alike(&keyed, &classes, &WAYS, but_for_calls);
}

#[test]
fn each_of_two_keys_opens_what_was_sealed_for_it() {
    let keyed = Keyed::new();
    let second = keyed.add_key(2048);
    let work = keyed.work();
    let mut used = Vec::new();
    for public in [&keyed.public, &second] {
        work.write("bad.zip", Sealed::current(public, &plain()).archive());
        let run = work.run(["result", "decrypt", "bad.zip", "--force", "--raw"]);
        used.push(run.ok().raw()["key"].as_str().unwrap().to_owned());
        assert!(work.read("results.zip") == plain());
    }
    assert_ne!(used[0], used[1]);
}

fn modulus(public: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), public).unwrap();
    let mut command = Command::new("openssl");
    command.args(["rsa", "-pubin", "-noout", "-modulus", "-in"]);
    let output = command.arg(file.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let digits = text.trim().strip_prefix("Modulus=").unwrap();
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}
