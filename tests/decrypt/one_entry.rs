//! `--entry` takes single files out of a result: by their exact names, checked, complete, and nothing else.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::support::*;

fn entries() -> Vec<Entry> {
    vec![
        Entry::java("result.txt", b"Hello, world!"),
        Entry::new("sub/", b"").stored(),
        Entry::new("sub/x.bin", [7; 5000]),
        Entry::new("sub/deep/nothing", b"").stored(),
        Entry::new("large", large()).stored(),
    ]
}

/// More than one thread is worth.
fn large() -> Vec<u8> {
    let bytes = (0..5_000_001_u32).map(|at| (at / 7).wrapping_mul(at) as u8);
    bytes.collect()
}

fn zip(entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    Zip::of(entries).bytes()
}

/// A work folder with `a.zip`, in which these entries are sealed.
fn sealed<'t>(keyed: &'t Keyed, entries: impl IntoIterator<Item = Entry>) -> Work<'t> {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&zip(entries)));
    work
}

fn take(work: &Work, args: &[&str]) -> Run {
    work.run([&["result", "decrypt", "a.zip"], args].concat())
}

#[track_caller]
fn refused(work: &Work, args: &[&str], exit: i32) -> String {
    let run = unchanged(&work.folder(), || take(work, args)).fails(exit);
    assert_eq!(run.out(), "");
    run.err().replace('\n', " ")
}

#[test]
fn one_file_goes_to_a_file_of_any_name_for_its_owner_only() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    for (name, content) in [
        ("result.txt", b"Hello, world!".to_vec()),
        ("sub/x.bin", vec![7; 5000]),
        ("sub/deep/nothing", vec![]),
        ("large", large()),
    ] {
        let before = tree(&work.folder());
        let args = ["--entry", name, "--output", "mine", "--raw"];
        let json = take(&work, &args).ok().raw();
        assert_eq!(json["bytes"], content.len());
        assert_eq!(json["entries"], 5);
        assert_eq!(json["taken"], serde_json::json!([name]));
        assert_eq!(json["resultsPath"], work.path("mine").display().to_string());
        let mut expected = before;
        expected.insert("mine".into(), Node::file(content));
        assert!(tree(&work.folder()) == expected, "{name}");
        fs::remove_file(work.path("mine")).unwrap();
    }
}

#[test]
fn one_file_goes_to_stdout_alone_from_every_layout_and_from_a_pipe() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = zip(entries());
    for sealed in [
        Sealed::current(&keyed.public, &plain),
        Sealed::legacy_ecb(&keyed.public, &plain),
        Sealed::guide_2019(&keyed.public, &plain),
    ] {
        let archive = sealed.java_archive();
        work.write("a.zip", &archive);
        for (name, content) in [("large", large()), ("sub/deep/nothing", vec![])] {
            let args = ["--entry", name, "--output", "-"];
            let run = unchanged(&work.folder(), || take(&work, &args)).ok();
            assert!(run.stdout == content, "{name}");
            let raw = take(&work, &[&args[..], &["--raw"]].concat()).ok();
            assert!(raw.stdout == content && raw.err().is_empty());
            let piped = work.cmd([&["result", "decrypt", "-"][..], &args].concat());
            assert!(piped.pin().stdin(&*archive).run().ok().stdout == content);
        }
    }
}

#[test]
fn several_files_go_below_a_folder_under_their_names_and_nothing_else_does() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("out/mine", "old");
    let args = ["--entry", "sub/x.bin", "--entry", "result.txt", "--extract"];
    let twice = [&args[..], &["out", "--entry", "result.txt", "--raw"]].concat();
    let json = take(&work, &twice).ok().raw();
    assert_eq!(
        json["taken"],
        serde_json::json!(["sub/x.bin", "result.txt"])
    );
    assert_eq!(
        (&json["bytes"], &json["entries"]),
        (&5013.into(), &5.into())
    );
    let expected = BTreeMap::from([
        (
            "mine".into(),
            tree(&work.path("out"))[Path::new("mine")].clone(),
        ),
        ("sub".into(), Node::folder()),
        ("sub/x.bin".into(), Node::file([7; 5000])),
        ("result.txt".into(), Node::file("Hello, world!")),
    ] as [(PathBuf, Node); 4]);
    assert_eq!(tree(&work.path("out")), expected);

    work.write("b.zip", work.read("a.zip"));
    take(
        &work,
        &["b.zip", "--entry", "result.txt", "--extract", "each"],
    )
    .ok();
    for folder in ["each/a", "each/b"] {
        let only = BTreeMap::from([("result.txt".into(), Node::file("Hello, world!"))]);
        assert_eq!(tree(&work.path(folder)), only);
    }
}

#[test]
fn what_exists_is_left_unless_forced() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("out/result.txt", "old");
    for place in [["--output", "out/result.txt"], ["--extract", "out"]] {
        let args = [&["--entry", "result.txt"][..], &place].concat();
        refused(&work, &args, 22);
        // Another file's place is not in the way.
        take(
            &work,
            &[&["--entry", "sub/x.bin", "--extract", "out", "--force"][..]].concat(),
        )
        .ok();
        take(&work, &[&args[..], &["--force"]].concat()).ok();
        assert_eq!(work.read("out/result.txt"), b"Hello, world!");
        work.write("out/result.txt", "old");
    }
    refused(
        &work,
        &["--entry", "large", "--output", "a.zip", "--force"],
        22,
    );
    refused(
        &work,
        &["--entry", "large", "--output", "out", "--force"],
        22,
    );
}

#[test]
fn names_are_matched_exactly_and_what_is_there_is_listed() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("old", "what stood there before");
    for name in [
        "Result.txt",
        "./result.txt",
        "result",
        "*",
        "x.bin",
        "/large",
    ] {
        for place in [["--output", "old"], ["--output", "-"], ["--extract", "new"]] {
            let args = [&["--entry", "large", "--entry", name][..], &place].concat();
            let args = if place[0] == "--output" {
                &args[2..]
            } else {
                &args
            };
            let said = refused(&work, &[args, &["--force"]].concat(), 21);
            let words = format!("there is no file \"{name}\" in the result, which holds");
            assert!(said.contains(&words), "{said}");
            assert!(
                said.contains("result.txt, sub/x.bin, sub/deep/nothing, large"),
                "{said}"
            );
            assert!(said.contains("the exact name"), "{said}");
        }
    }
    for folder in ["sub", "sub/"] {
        let said = refused(&work, &["--entry", folder, "--output", "-"], 21);
        assert!(
            said.contains("but a folder with sub/x.bin, sub/deep/nothing"),
            "{said}"
        );
    }
    let error = take(&work, &["--entry", "x", "--output", "-", "--raw"]).raw_error();
    assert_eq!(error["code"], "not-an-archive");
}

#[test]
fn a_name_is_bytes_and_may_lead_anywhere_where_it_is_not_used_as_a_path() {
    let keyed = Keyed::new();
    let work = sealed(
        &keyed,
        [
            Entry::new("latin-\u{e9}", "UTF-8"),
            Entry::new(b"latin-\xe9", "Latin-1"),
            Entry::new("../evil", "evil"),
            Entry::new("link", "/etc/passwd").symlink(),
        ],
    );
    let latin = work.cmd(["result", "decrypt", "a.zip", "--output", "-", "--entry"]);
    let latin = latin.arg(OsStr::from_bytes(b"latin-\xe9")).pin().run().ok();
    assert_eq!(latin.out(), "Latin-1");
    take(&work, &["--entry", "latin-\u{e9}", "--extract", "out"]).ok();
    assert_eq!(tree(&work.path("out")).len(), 1);
    take(&work, &["--entry", "../evil", "--output", "tame"]).ok();
    assert_eq!(work.read("tame"), b"evil");
    let said = refused(&work, &["--entry", "../evil", "--extract", "out"], 21);
    assert!(said.contains("the result is not extracted"), "{said}");
    for place in [["--extract", "out"], ["--output", "new"]] {
        let args = [&["--entry", "link"][..], &place].concat();
        assert!(refused(&work, &args, 21).contains("symbolic link"));
    }
}

#[test]
fn only_what_is_taken_is_checked_unless_all_of_it_is_to_be() {
    let keyed = Keyed::new();
    let wrong = Entry {
        crc: Some(7),
        ..Entry::new("wrong", b"data")
    };
    let packed = Entry {
        method_id: Some(12),
        ..Entry::new("packed", b"data")
    };
    for (bad, exit) in [(wrong, 20), (packed, 21)] {
        let name = String::from_utf8(bad.name.clone()).unwrap();
        let work = sealed(&keyed, entries().into_iter().chain([bad]));
        for place in [["--output", "new"], ["--output", "-"], ["--extract", "out"]] {
            let good = [&["--entry", "large"][..], &place].concat();
            let bad = [&["--entry", &name][..], &place].concat();
            refused(&work, &bad, exit);
            refused(&work, &[&good[..], &["--verify"]].concat(), exit);
            take(&work, &good).ok();
        }
        assert!(work.read("new") == large() && work.read("out/large") == large());
    }
    let good = sealed(&keyed, entries());
    take(&good, &["--entry", "large", "--output", "new", "--verify"]).ok();
}

#[test]
fn a_damaged_archive_is_found_where_it_is_read() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let first = Entry::new("first", noise(100_000)).stored();
    let sealed = Sealed::current(&keyed.public, &zip([first, Entry::new("last", "x")]));
    let mut archive = Zip::of([sealed.body_entry().stored(), sealed.key_entry()]).bytes();
    archive[50_000] ^= 1;
    work.write("a.zip", archive);
    for place in [["--output", "new"], ["--output", "-"], ["--extract", "out"]] {
        let said = refused(&work, &[&["--entry", "first"][..], &place].concat(), 21);
        assert!(said.contains("damaged") || said.contains("CRC"), "{said}");
        let last = [&["--entry", "last"][..], &place].concat();
        refused(&work, &[&last[..], &["--verify"]].concat(), 21);
        take(&work, &last).ok();
    }
    assert_eq!(work.read("new"), b"x");
}

#[test]
fn a_place_is_needed_and_one_file_fits_one_output() {
    let work = Work::without_token();
    for (args, words) in [
        (&["--entry", "a"][..], "needs a place"),
        (
            &["--entry", "a", "--entry", "b", "--output", "-"],
            "do not fit into one --output",
        ),
        (
            &["--entry", "a", "--entry", "b", "--output", "c"],
            "do not fit into one --output",
        ),
        (&["--entry", "a", "--output-dir", "out"], "--output-dir"),
        (
            &["b.zip", "--entry", "a", "--output", "c"],
            "several archives need a place each",
        ),
    ] {
        let said = refused(&work, args, 2);
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn a_bad_ciphertext_looks_as_it_always_does() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = zip(entries());
    let (_, stranger) = openssl::rsa_key(2048);
    let mut cut = Sealed::current(&keyed.public, &plain);
    cut.body.truncate(cut.body.len() - 16);
    let faces = [Sealed::current(&stranger, &plain), cut].map(|sealed| {
        work.write("a.zip", sealed.archive());
        [["--output", "-"], ["--output", "new"], ["--extract", "out"]]
            .map(|place| refused(&work, &[&["--entry", "no such"][..], &place].concat(), 20))
    });
    assert_eq!(faces[0], faces[1]);
}
