//! Archives that a person unpacked and packed again: they open where it is clear what is meant, and else the message says
//! what was seen, and what to pass.

use std::fs;
use std::process::Command;

use crate::support::*;

/// No module: who only looks at the archive needs none.
const NO_MODULE: &str = "/nonexistent/module.so";

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// `sealed` under other names, beside what macOS adds.
fn named(sealed: &Sealed, key: &str, body: &str) -> Vec<u8> {
    Zip::of([
        Entry::new("0xab/", "").stored(),
        Entry::new(body, &sealed.body),
        Entry::new("__MACOSX/0xab/._aes-key.rsa", "Mac"),
        Entry::new("__MACOSX/0xab/._iexec_out.zip.aes", "Mac"),
        Entry::new("0xab/.DS_Store", "Mac"),
        Entry::new(key, &sealed.key),
    ])
    .bytes()
}

fn decrypt(work: &Work, what: &str) -> Run {
    work.run(["result", "decrypt", what, "--force"])
}

/// What is said of `a.zip`, or another input, before a token is looked for.
#[track_caller]
fn refused(work: &Work, what: &str) -> String {
    let args = ["result", "decrypt", what, "--module", NO_MODULE];
    let run = unchanged(&work.folder(), || work.run(args)).fails(21);
    run.err().replace('\n', " ")
}

#[test]
fn the_only_pair_opens_under_a_folder_behind_a_dot_and_with_backslashes() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let current = Sealed::current(&keyed.public, &plain());
    let old = Sealed::guide_2019(&keyed.public, &plain());
    let guide = Sealed::guide_today(&keyed.public, &plain());
    for (sealed, key, body) in [
        (&current, "0xab/aes-key.rsa", "0xab/iexec_out.zip.aes"),
        (&current, "./aes-key.rsa", "./iexec_out.zip.aes"),
        (&current, "aes-key.rsa", "./iexec_out.zip.aes"),
        (&current, "0xab\\aes-key.rsa", "0xab\\iexec_out.zip.aes"),
        (
            &guide,
            "0xab/iexec_out/aes-key.rsa",
            "0xab/iexec_out/result.zip.aes",
        ),
        (
            &guide,
            "iexec_out\\aes-key.rsa",
            "iexec_out\\result.zip.aes",
        ),
        (&guide, "aes-key.rsa", "result.zip.aes"),
        (
            &old,
            "0xab/iexec_out/encrypted_key",
            "0xab/iexec_out/result.zip.aes",
        ),
        (&old, "encrypted_key", "result.zip.aes"),
    ] {
        println!("{key}");
        let archive = named(sealed, key, body);
        work.write("a.zip", &archive);
        decrypt(&work, "a.zip").ok();
        assert!(work.read("results.zip") == plain());
        let piped = work.cmd(["result", "decrypt", "-", "--force"]).pin();
        piped.stdin(archive).run().ok();

        let inspect = ["result", "inspect", "a.zip", "--no-token"];
        let raw = work.run([&inspect[..], &["--raw"]].concat()).ok().raw();
        let shown = |name: &str| name.replace('\\', "\\\\");
        assert_eq!(raw["keyEntry"], shown(key));
        assert_eq!(raw["bodyEntry"], shown(body));
        assert!(work.run(inspect).ok().out().contains(&shown(key)));
    }
}

#[test]
fn a_folder_one_level_up_opens_as_the_folder_does() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for (number, sealed) in [
        Sealed::current(&keyed.public, &plain()),
        Sealed::guide_2019(&keyed.public, &plain()),
    ]
    .iter()
    .enumerate()
    {
        let up = format!("up{number}");
        work.write(format!("{up}/0xab/{}", sealed.key_name), &sealed.key);
        work.write(format!("{up}/0xab/{}", sealed.body_name), &sealed.body);
        work.write(format!("{up}/__MACOSX/0xab/._aes-key.rsa"), "Mac");
        work.write(format!("{up}/notes.txt"), "mine");
        decrypt(&work, &up).ok();
        assert!(work.read("results.zip") == plain());
        // One that is read from is never the place to write to.
        let key = format!("{up}/0xab/{}", sealed.key_name);
        let onto = ["result", "decrypt", &up, "--output", &key, "--force"];
        unchanged(&work.folder(), || work.run(onto)).fails(22);
    }
}

#[test]
fn of_several_folders_one_level_down_none_is_taken() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let sealed = Sealed::current(&keyed.public, &plain());
    for folder in ["a", "b"] {
        work.write(format!("up/{folder}/aes-key.rsa"), &sealed.key);
        work.write(format!("up/{folder}/iexec_out.zip.aes"), &sealed.body);
    }
    let said = refused(&work, "up");
    assert!(said.contains("more than one result"), "{said}");
    assert!(
        said.contains("a/iexec_out.zip.aes with a/aes-key.rsa, and b/"),
        "{said}"
    );
    assert!(said.contains("pass the folder with the one"), "{said}");
    decrypt(&work, "up/a").ok();
    assert!(work.read("results.zip") == plain());
}

#[test]
fn where_it_is_not_clear_what_is_meant_the_names_are_said() {
    let (_, public) = openssl::rsa_key(2048);
    let sealed = Sealed::current(&public, &plain());
    let work = Work::without_token();
    let key = |name: &str| Entry::new(name, &sealed.key);
    let body = |name: &str| Entry::new(name, &sealed.body);
    for (entries, words) in [
        (
            vec![
                key("a/aes-key.rsa"),
                body("a/iexec_out.zip.aes"),
                key("b/aes-key.rsa"),
                body("b/iexec_out.zip.aes"),
            ],
            "a/iexec_out.zip.aes with a/aes-key.rsa, and b/iexec_out.zip.aes with b/aes-key.rsa",
        ),
        (
            vec![
                key("x/aes-key.rsa"),
                body("x/iexec_out.zip.aes"),
                body("x\\iexec_out.zip.aes"),
            ],
            "more than one result",
        ),
        (
            vec![key("a/aes-key.rsa"), body("b/iexec_out.zip.aes")],
            "there is a/aes-key.rsa and b/iexec_out.zip.aes, but not b/aes-key.rsa",
        ),
        (
            vec![body("0xab/iexec_out.zip.aes")],
            "there is 0xab/iexec_out.zip.aes, but not 0xab/aes-key.rsa",
        ),
    ] {
        work.write("a.zip", Zip::of(entries).bytes());
        let said = refused(&work, "a.zip");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn the_hint_for_several_pairs_leads_to_the_one_that_is_meant() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let one = Sealed::current(&keyed.public, &plain());
    let other = Sealed::current(&keyed.public, &plain_zip(&[]));
    let entries = [("a", &one), ("b", &other)].map(|(folder, sealed)| {
        let name = |name: &str| format!("{folder}/{name}");
        [
            Entry::new(name("aes-key.rsa"), &sealed.key),
            Entry::new(name("iexec_out.zip.aes"), &sealed.body),
        ]
    });
    work.write("a.zip", Zip::of(entries.into_iter().flatten()).bytes());
    refused(&work, "a.zip");
    let mut unzip = Command::new("unzip");
    unzip.args(["-q", "a.zip", "-d", "unzipped"]);
    assert!(unzip.current_dir(work.folder()).status().unwrap().success());
    decrypt(&work, "unzipped/a").ok();
    assert!(work.read("results.zip") == plain());
}

#[test]
fn a_zip_in_a_zip_or_in_a_folder_is_named_and_not_called_plain() {
    let (_, public) = openssl::rsa_key(2048);
    let work = Work::without_token();
    let archive = Sealed::current(&public, &plain()).archive();
    let outer = Zip::of([
        Entry::new("downloads/0xab.zip", &archive),
        Entry::new("__MACOSX/downloads/._0xab.zip", "Mac"),
    ]);
    work.write("outer/a.zip", outer.bytes());
    for (what, words) in [
        ("outer/a.zip", "holds downloads/0xab.zip"),
        ("outer", "holds a.zip"),
    ] {
        let said = refused(&work, what);
        assert!(said.contains(words), "{said}");
        assert!(said.contains("unzip it and pass that archive"), "{said}");
    }
    // What the hint says is done.
    let mut unzip = Command::new("unzip");
    unzip.args(["-q", "outer/a.zip", "downloads/*"]);
    assert!(unzip.current_dir(work.folder()).status().unwrap().success());
    let inspect = ["result", "inspect", "downloads/0xab.zip", "--no-token"];
    work.run(inspect).ok();
}

#[test]
fn what_it_was_packed_with_is_named_and_the_hint_helps() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let sealed = Sealed::current(&keyed.public, &plain());
    work.write(sealed.key_name, &sealed.key);
    // Large enough and regular enough for each method to be used.
    work.write(sealed.body_name, vec![0; 4096]);
    for (zip, how) in [
        (&["-P", "secret"][..], "encrypted with a zip password"),
        (&["-Z", "bzip2"], "compressed with bzip2"),
    ] {
        let _ = fs::remove_file(work.path("a.zip"));
        let mut command = Command::new("zip");
        command.arg("-q").args(zip).arg("a.zip");
        command.args([sealed.body_name, sealed.key_name]);
        assert!(
            command
                .current_dir(work.folder())
                .status()
                .unwrap()
                .success()
        );
        let said = refused(&work, "a.zip");
        assert!(said.contains(&format!("in it is {how}")), "{said}");
        assert!(
            !said.contains("damaged") && !said.contains("Download it again"),
            "{said}"
        );
        assert!(
            said.contains("Unzip it with the program that packed it"),
            "{said}"
        );
    }
    work.write(sealed.body_name, &sealed.body);
    decrypt(&work, ".").ok();
    assert!(work.read("results.zip") == plain());
}

#[test]
fn other_forms_than_zip_are_named() {
    let work = Work::without_token();
    for (first, words) in [
        (&b"7z\xbc\xaf\x27\x1c"[..], "not a zip archive, but 7z"),
        (b"Rar!\x1a\x07", "but RAR"),
        (b"\x1f\x8b\x08\x00", "but gzip"),
        (b"\x28\xb5\x2f\xfd", "but zstd"),
        (b"<!DOCTYPE html>", "but a web page"),
        (b"{\"ok\":false}", "but JSON"),
        (b"PK\x07\x08PK\x03\x04", "but a part of a split zip"),
        (b"Hello, world!", "this is not a zip archive "),
    ] {
        work.write("a.zip", first);
        let said = refused(&work, "a.zip");
        assert!(said.contains(words), "{said}");
        let args = ["result", "decrypt", "-", "--module", NO_MODULE];
        let piped = work.cmd(args).stdin(first).run().fails(21);
        let piped = piped.err().replace('\n', " ");
        assert!(piped.contains(words), "{piped}");
    }
}
