//! Every layout that results ever came in opens, to the same bytes, and `inspect` names it.

use std::path::Path;
use std::process::Command;

use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!"), ("data/x.bin", &[7; 5000])])
}

/// Archives of every layout and every way to pack them, sealed for one key of 2048 bits.
fn layouts(public: &str, plain: &[u8]) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let current = Sealed::current(public, plain);
    let legacy = Sealed::legacy_ecb(public, plain);
    let old = Sealed::guide_2019(public, plain);
    let guide = Sealed::guide_today(public, plain);
    let (body, key) = (current.body_entry(), current.key_entry());
    let bare = |entry: Entry| entry.described(Descriptor::Bare);
    let extra = || Entry::new("computed.json", b"{}");
    let mut zip64 = Zip::of([body.clone().zip64(), key.clone().zip64()]);
    zip64.zip64_end = true;
    let mut zip64_java = Zip::of([
        Entry::java(current.body_name, &current.body).zip64(),
        Entry::java(current.key_name, &current.key).zip64(),
    ]);
    zip64_java.zip64_end = true;
    let mut commented = Zip::of([body.clone(), key.clone()]);
    commented.comment = b"from the gateway".to_vec();
    let folders = [
        Entry::new("iexec_out/", b"").stored(),
        old.key_entry(),
        old.body_entry(),
        Entry::new("stdout.txt", b"done"),
    ];
    let wrapped_lines = |text: &[u8]| {
        let lines: Vec<_> = text.chunks(76).collect();
        [lines.join(&b"\r\n"[..]), b"\r\n".to_vec()].concat()
    };
    let lines = Sealed {
        key: wrapped_lines(&legacy.key),
        body: wrapped_lines(&legacy.body),
        ..legacy.clone()
    };
    let zip = |entries: Vec<Entry>| Zip::of(entries).bytes();
    vec![
        ("rust", "current", current.archive()),
        ("java", "current", current.java_archive()),
        ("key first", "current", zip(vec![key.clone(), body.clone()])),
        (
            "bare descriptors",
            "current",
            zip(vec![bare(body.clone()), bare(key.clone())]),
        ),
        (
            "stored",
            "current",
            zip(vec![body.clone().stored(), key.clone().stored()]),
        ),
        (
            "stored body only",
            "current",
            zip(vec![body.clone().stored(), key.clone()]),
        ),
        (
            "extra entries",
            "current",
            zip(vec![extra(), body, Entry::new("d/", b"").stored(), key]),
        ),
        ("zip64", "current", zip64.bytes()),
        ("zip64 with descriptors", "current", zip64_java.bytes()),
        ("with a comment", "current", commented.bytes()),
        ("legacy, java", "legacy-ecb", legacy.java_archive()),
        ("legacy, rust", "legacy-ecb", legacy.archive()),
        ("legacy in lines", "legacy-ecb", lines.archive()),
        ("2019", "guide-2019", old.archive()),
        ("2019, java", "guide-2019", old.java_archive()),
        (
            "2019 with folder and extra",
            "guide-2019",
            zip(folders.into()),
        ),
        ("the guide's names", "current", guide.archive()),
        ("the guide's names, java", "current", guide.java_archive()),
    ]
}

#[test]
fn every_layout_opens_to_the_same_bytes() {
    let keyed = Keyed::new();
    let plain = plain();
    for (name, _, archive) in layouts(&keyed.public, &plain) {
        let work = keyed.work();
        work.write("encryptedResults.zip", archive);
        let run = work.run(["result", "decrypt"]);
        assert_eq!(run.code, Some(0), "{name}: {}", run.err());
        assert!(work.read("results.zip") == plain, "{name}");
        assert_eq!(
            work.files(),
            ["encryptedResults.zip", "results.zip"],
            "{name}"
        );
    }
}

#[test]
fn every_layout_opens_through_a_pipe() {
    let keyed = Keyed::new();
    let plain = plain();
    for (name, _, archive) in layouts(&keyed.public, &plain) {
        let work = keyed.work();
        let cmd = work.cmd(["result", "decrypt", "-"]).pin();
        let run = cmd.stdin(archive.clone()).run();
        assert_eq!(run.code, Some(0), "{name}: {}", run.err());
        assert!(work.read("results.zip") == plain, "{name}");

        let cmd = work.cmd(["result", "decrypt", "-", "--output", "-"]).pin();
        let run = cmd.stdin(archive).run();
        assert!(run.stdout == plain, "{name} to stdout: {}", run.err());
        assert_eq!(work.files(), ["results.zip"], "{name}");
    }
}

#[test]
fn every_layout_opens_from_the_folder_that_it_was_unzipped_into() {
    let keyed = Keyed::new();
    let plain = plain();
    for (name, _, archive) in layouts(&keyed.public, &plain) {
        let work = keyed.work();
        unzip(&archive, &work.path("unzipped"));
        let body = find_body(&work.path("unzipped"));
        let inside = body.parent().unwrap();
        for path in [work.path("unzipped"), inside.to_owned(), body.clone()] {
            let cmd = work.cmd(["result", "decrypt", "--force"]).pin();
            let run = cmd.arg(&path).run();
            assert_eq!(run.code, Some(0), "{name} as {path:?}: {}", run.err());
            assert!(work.read("results.zip") == plain, "{name} as {path:?}");
            std::fs::remove_file(work.path("results.zip")).unwrap();
        }
    }
}

#[test]
fn the_commands_of_the_guide_open_what_its_unzip_leaves() {
    let keyed = Keyed::new();
    let plain = plain();
    for sealed in [
        Sealed::guide_2019(&keyed.public, &plain),
        Sealed::guide_today(&keyed.public, &plain),
    ] {
        let work = keyed.work();
        unzip(&sealed.archive(), &work.folder());
        work.run(["result", "decrypt", "iexec_out/result.zip.aes"])
            .ok();
        assert!(work.read("results.zip") == plain);

        let within = work.cmd(["result", "decrypt", "result.zip.aes"]).pin();
        within.in_folder(work.path("iexec_out")).run().ok();
        assert!(work.read("iexec_out/results.zip") == plain);
        work.run(["result", "decrypt", ".", "--output", "again.zip"])
            .ok();
        assert!(work.read("again.zip") == plain);
    }
}

#[test]
fn an_archive_of_2019_for_4096_bits_holds_a_key_of_256_bits_and_opens() {
    let keyed = Keyed::of_bits(4096);
    let plain = plain();
    let work = keyed.work();
    let old = Sealed::guide_2019(&keyed.public, &plain);
    assert_eq!(old.key.len(), 512);
    work.write("old.zip", old.archive());
    // What a key of 4096 bits wraps in base64 is longer than any raw wrapped key.
    let legacy = Sealed::legacy_ecb(&keyed.public, &plain);
    work.write("legacy.zip", legacy.archive());
    work.write("today.zip", keyed.archive(&plain));
    for archive in ["old.zip", "legacy.zip", "today.zip"] {
        work.run(["result", "decrypt", archive, "--force"]).ok();
        assert!(work.read("results.zip") == plain, "{archive}");
        let json = work
            .cmd(["result", "inspect", archive, "--raw"])
            .run()
            .raw();
        assert_eq!(json["bits"], 4096, "{archive}");
    }
}

#[test]
fn inspect_names_format_sizes_and_the_keys_that_fit_without_a_pin() {
    let keyed = Keyed::new();
    let plain = plain();
    for (name, format, archive) in layouts(&keyed.public, &plain) {
        let work = keyed.work();
        work.write("a.zip", &archive);
        let json = work
            .cmd(["result", "inspect", "a.zip", "--raw"])
            .run()
            .ok()
            .raw();
        assert_eq!(json["ok"], true, "{name}");
        assert_eq!(json["format"], format, "{name}");
        assert_eq!(json["bits"], 2048, "{name}");
        let entry = |field: &str| json[field].as_str().unwrap().to_owned();
        let body = openssl::unzip(&archive, &entry("bodyEntry"));
        assert_eq!(json["bodyBytes"], body.len(), "{name}");
        assert!(!openssl::unzip(&archive, &entry("keyEntry")).is_empty());
        let keys = json["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "{name}: {json}");
        let uri = keys[0]["key"].as_str().unwrap();
        assert!(uri.starts_with("pkcs11:token=test;"), "{uri}");
        assert_eq!(json["tokenError"], serde_json::Value::Null);

        let text = work.cmd(["result", "inspect", "a.zip"]).run().ok().out();
        assert!(text.contains(&format!("format    {format}\n")), "{text}");
        assert!(text.contains("(wrapped with RSA-2048)"), "{text}");
        assert!(text.contains(&format!("({} bytes)", body.len())), "{text}");
        assert!(
            text.contains(&format!("fits      {} (id ", keys[0]["label"])),
            "{text}"
        );
        assert_eq!(work.files(), ["a.zip"], "{name}");
    }
}

#[test]
fn inspect_reads_folders_the_body_alone_and_pipes() {
    let keyed = Keyed::new();
    let sealed = Sealed::guide_today(&keyed.public, &plain());
    let work = keyed.work();
    unzip(&sealed.archive(), &work.folder());
    for (path, body_entry) in [
        (".", "iexec_out/result.zip.aes"),
        ("iexec_out", "result.zip.aes"),
        ("iexec_out/result.zip.aes", "result.zip.aes"),
    ] {
        let json = work.cmd(["result", "inspect", path, "--raw"]).run().raw();
        assert_eq!(json["bodyEntry"], body_entry, "{path}");
        assert_eq!(json["bodyBytes"], sealed.body.len(), "{path}");
    }
    let piped = work.cmd(["result", "inspect", "-", "--raw"]);
    let json = piped.stdin(sealed.archive()).run().raw();
    assert_eq!(json["bodyEntry"], "iexec_out/result.zip.aes");
}

#[test]
fn inspect_says_which_keys_could_not_open_it() {
    let keyed = Keyed::new();
    let second = keyed.add_key(2048);
    let (_, larger) = openssl::rsa_key(3072);
    let work = keyed.work();
    work.write("fits.zip", Sealed::current(&second, &plain()).archive());
    work.write("larger.zip", Sealed::current(&larger, &plain()).archive());

    let json = work
        .cmd(["result", "inspect", "fits.zip", "--raw"])
        .run()
        .raw();
    assert_eq!(json["keys"].as_array().unwrap().len(), 2, "{json}");
    let json = work
        .cmd(["result", "inspect", "larger.zip", "--raw"])
        .run()
        .raw();
    assert_eq!(json["bits"], 3072);
    assert_eq!(json["keys"], serde_json::json!([]));
    let text = work
        .cmd(["result", "inspect", "larger.zip"])
        .run()
        .ok()
        .out();
    assert!(text.ends_with("fits      no key on the token\n"), "{text}");
}

#[test]
fn inspect_needs_no_token() {
    let (_, public) = openssl::rsa_key(2048);
    let work = Work::without_token();
    work.write("a.zip", Sealed::current(&public, &plain()).archive());
    let inspect = || work.cmd(["result", "inspect", "a.zip"]);

    let json = inspect().arg("--raw").arg("--no-token").run().raw();
    assert_eq!(json["bits"], 2048);
    assert_eq!(json["tokenError"], serde_json::Value::Null);
    let text = inspect().arg("--no-token").run().ok().out();
    assert!(!text.contains("opens"), "{text}");

    let missing = || inspect().env("IEXEC_HSM_MODULE", "/nowhere/module.so");
    let json = missing().arg("--raw").run().ok().raw();
    assert_eq!(
        (&json["bits"], &json["keys"]),
        (&2048.into(), &serde_json::json!([]))
    );
    let reason = json["tokenError"].as_str().unwrap();
    assert!(reason.contains("/nowhere/module.so"), "{reason}");
    let text = missing().run().ok().out();
    assert!(
        text.contains("fits      the token was not looked at: "),
        "{text}"
    );
}

fn unzip(archive: &[u8], folder: &Path) {
    let file = tempfile::NamedTempFile::with_suffix(".zip").unwrap();
    std::fs::write(file.path(), archive).unwrap();
    let mut unzip = Command::new("unzip");
    unzip.arg("-q").arg(file.path()).arg("-d").arg(folder);
    assert!(unzip.status().unwrap().success());
}

/// The one file below `folder` whose name ends in `.aes`.
fn find_body(folder: &Path) -> std::path::PathBuf {
    let files = tree(folder).into_keys();
    let mut bodies = files.filter(|path| path.extension().is_some_and(|it| it == "aes"));
    folder.join(bodies.next().unwrap())
}
