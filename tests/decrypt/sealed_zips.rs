//! What `result encrypt` seals, `result decrypt` opens and extracts; a zip that it would not open is refused before
//! anything is written, and the reason is said.

use std::process::{Command, Stdio};

use crate::support::*;

/// A work folder with the public key of its token in `key.pub`.
fn work(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    work.write("key.pub", &keyed.public);
    work
}

fn seal(work: &Work, source: &str, args: &[&str]) -> Run {
    let seal = ["result", "encrypt", source, "--public-key", "key.pub"];
    work.run([&seal[..], &["--output", "sealed.zip"], args].concat())
}

fn open(work: &Work, args: &[&str]) -> Run {
    let open = ["result", "decrypt", "sealed.zip", "--force"];
    work.run([&open[..], args].concat())
}

fn zip(entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    Zip::of(entries).bytes()
}

fn good() -> Entry {
    Entry::new("good", "Hello, world!")
}

/// A zip as Info-ZIP makes it of what comes through a pipe: with a zip64 end that nothing asks for.
fn of_a_pipe(work: &Work) -> Vec<u8> {
    let mut command = Command::new("zip");
    command.args(["-q", "piped.zip", "-"]);
    command.current_dir(work.folder()).stdin(Stdio::piped());
    let mut zip = command.spawn().unwrap();
    let mut stdin = zip.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"Hello, world!").unwrap();
    drop(stdin);
    assert!(zip.wait().unwrap().success());
    let bytes = work.read("piped.zip");
    assert!(bytes.windows(4).any(|it| it == b"PK\x06\x06"));
    let narrow = &bytes[bytes.len() - 22..];
    assert!(!narrow.windows(4).any(|it| it == [0xff; 4]), "{narrow:x?}");
    bytes
}

/// Zips that are merely unusual.
fn unusual(work: &Work) -> Vec<(&'static str, Vec<u8>)> {
    let name = "r\u{e9}sultat";
    let named = |flags| Entry {
        flags,
        unicode_path: Some(name.into()),
        ..Entry::new(name, "x")
    };
    let mut wide = Zip::of([good().zip64(), Entry::java("streamed", "x")]);
    wide.zip64_end = true;
    let mut told = Zip::of([good()]);
    told.comment = b"a comment".to_vec();
    let streamed = |descriptor| zip([good().zip64().described(descriptor), Entry::java("b", "x")]);
    vec![
        ("none in it", zip([])),
        (
            "folders",
            zip([Entry::new("a/", "").stored(), Entry::new("a/b", "x")]),
        ),
        ("a comment", told.bytes()),
        ("zip64", wide.bytes()),
        ("streamed with zip64", streamed(Descriptor::Signed)),
        ("streamed, bare descriptors", streamed(Descriptor::Bare)),
        ("a pipe", of_a_pipe(work)),
        ("a Unicode path, UTF-8", zip([named(0x0800)])),
        ("a Unicode path, no flag", zip([good(), named(0)])),
        ("a name of Latin-1", zip([Entry::new(b"\xe9", "x")])),
    ]
}

/// Zips that would not be opened, or not extracted, and words of the reason.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let with = |entry: Entry| zip([good(), entry]);
    let packed = |method| Entry {
        method_id: Some(method),
        ..Entry::new("packed", "x")
    };
    let locked = Entry {
        flags: 1,
        ..Entry::new("locked", "x")
    };
    let wrong_crc = Entry {
        crc: Some(7),
        ..Entry::new("wrong", "x")
    };
    let renamed = Entry {
        unicode_path: Some(b"NAME".to_vec()),
        ..Entry::new("name", "x")
    };
    let whole = zip([good()]);
    let both = zip([Entry::new("x/y", ""), Entry::new("x", "")]);
    vec![
        ("twice", with(good()), "two entries have the same name"),
        (
            "a password",
            with(locked),
            "\"locked\" in it is encrypted with a zip password",
        ),
        (
            "bzip2",
            with(packed(12)),
            "\"packed\" in it is compressed with bzip2",
        ),
        ("LZMA", with(packed(14)), "compressed with LZMA"),
        ("zstd", with(packed(93)), "compressed with zstd"),
        ("deflate64", with(packed(9)), "compressed with deflate64"),
        (
            "more behind it",
            [&whole[..], &[0; 100]].concat(),
            "does not end where it says",
        ),
        (
            "cut",
            whole[..whole.len() - 30].to_vec(),
            "the end of the zip is not there",
        ),
        (
            "its beginning alone",
            b"PK\x03\x04".to_vec(),
            "the end of the zip is not there",
        ),
        (
            "a Unicode path that differs",
            with(renamed),
            "has a second name that is not the same",
        ),
        (
            "a wrong CRC",
            with(wrong_crc),
            "wrong: its CRC does not match",
        ),
        (
            "a link",
            with(Entry::new("link", "/etc").symlink()),
            "\"link\" in it would not be extracted: it is a symbolic link",
        ),
        ("a way out", with(Entry::new("../x", "")), "\"../x\" in it"),
        ("a backslash", with(Entry::new("a\\b", "")), "backslash"),
        ("a file in a file", both, "both as a file and as a folder"),
        ("a long name", with(Entry::new([b'n'; 256], "")), "too long"),
        (
            "a temporary",
            with(Entry::new(".iexec-hsm-x.part", "")),
            "temporary file",
        ),
    ]
}

#[test]
fn a_zip_that_is_merely_unusual_is_sealed_and_opens_as_it_was() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    for (name, plain) in unusual(&work) {
        println!("{name}");
        work.write("plain.zip", &plain);
        seal(&work, "plain.zip", &["--force"]).ok();
        open(&work, &["--output", "opened.zip", "--verify"]).ok();
        assert!(work.read("opened.zip") == plain, "{name}");
        open(&work, &["--extract", "out"]).ok();
        assert!(
            open(&work, &["--output", "-"]).ok().stdout == plain,
            "{name}"
        );
    }
    assert_eq!(work.read("out/r\u{e9}sultat"), b"x");
    assert_eq!(work.read("out/-"), b"Hello, world!");
}

#[test]
fn a_zip_that_would_not_open_is_refused_with_the_reason_before_anything_is_written() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    work.write("sealed.zip", "what stood there before");
    for (name, plain, reason) in refused() {
        work.write("plain.zip", &plain);
        let seal = || seal(&work, "plain.zip", &["--force"]);
        let run = unchanged(&work.folder(), seal);
        assert_eq!(run.code, Some(21), "{name}: {}", run.err());
        let said = run.err().replace('\n', " ");
        assert!(said.contains("plain.zip is not sealed, because"), "{said}");
        assert!(said.contains(reason), "{name}: {said}");
    }
}

#[test]
fn the_way_out_of_a_refusal_leads_out() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    let plain = zip([good(), good()]);
    work.write("plain.zip", &plain);
    let said = seal(&work, "plain.zip", &[]).fails(21).err();
    assert!(
        said.contains("put it into a folder and seal the folder"),
        "{said}"
    );
    work.write("folder/plain.zip", &plain);
    seal(&work, "folder", &[]).ok();
    open(&work, &["--extract", "out"]).ok();
    assert!(work.read("out/plain.zip") == plain);
}

#[test]
fn a_folder_is_held_to_the_names_that_can_be_extracted() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    for (name, reason) in [
        ("a\\b", "backslash"),
        ("line\nfeed", "control character"),
        ("C:x", "drive letter"),
        (".iexec-hsm-x.part/y", "temporary file"),
    ] {
        let path = work.write(format!("folder/{name}"), "x");
        let run = unchanged(&work.folder(), || seal(&work, "folder", &[])).fails(21);
        assert!(run.err().contains(reason), "{}", run.err());
        assert!(run.err().contains("Rename it"), "{}", run.err());
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_limits_of_opening_hold_for_sealing_and_are_raised_in_the_same_way() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    for at in 0..3 {
        work.write(format!("folder/{at}"), noise(1000));
    }
    // The files are within the first of these limits, and the encrypted body is not.
    for limit in [
        ["--max-size", "3000"],
        ["--max-size", "2999"],
        ["--max-entries", "2"],
    ] {
        let run = unchanged(&work.folder(), || seal(&work, "folder", &limit)).fails(24);
        assert!(run.err().contains(limit[0]), "{}", run.err());
    }
    let body = |format| {
        seal(&work, "folder", &["--force", "--format", format]).ok();
        let inspect = ["result", "inspect", "sealed.zip", "--no-token", "--raw"];
        work.run(inspect).ok().raw()["bodyBytes"].as_u64().unwrap()
    };
    for format in ["current", "legacy-ecb", "guide-2019"] {
        let body = body(format);
        let with = |limit: u64| {
            let limit = limit.to_string();
            let args = ["--force", "--format", format, "--max-size", &limit];
            seal(&work, "folder", &args)
        };
        with(body - 1).fails(24);
        with(body).ok();
        open(&work, &["--max-size", &body.to_string()]).ok();
    }
}

#[test]
fn what_comes_through_a_pipe_is_refused_and_not_sealed_without_its_beginning() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    for printed in ["Hello, world!", "PK\\x03\\x04"] {
        let script = format!(r#"exec "$0" "$@" <(printf '{printed}')"#);
        let seal = ["result", "encrypt", "--public-key", "key.pub"];
        let cmd = || work.cmd(seal).under(["bash", "-c", &script]);
        let run = unchanged(&work.folder(), || cmd().run()).fails(23);
        assert!(run.err().contains("to a file first"), "{}", run.err());
    }
    let run = seal(&work, "-", &[]).fails(23);
    assert!(run.err().contains("to a file first"), "{}", run.err());
}

#[test]
fn an_archive_goes_to_a_file() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    work.write("plain", "x");
    let to_stdout = [
        "result",
        "encrypt",
        "plain",
        "--public-key",
        "key.pub",
        "-o-",
    ];
    let run = unchanged(&work.folder(), || work.run(to_stdout)).fails(2);
    assert_eq!(run.out(), "");
    std::fs::create_dir(work.path("folder")).unwrap();
    let to_folder = [
        "result",
        "encrypt",
        "plain",
        "--public-key",
        "key.pub",
        "-ofolder",
    ];
    let run = work.run(to_folder).fails(22);
    assert!(run.err().contains("Choose another name."), "{}", run.err());
    assert!(!run.err().contains("standard output"), "{}", run.err());
}

#[test]
fn a_key_that_archives_have_no_place_for_is_refused() {
    let work = Work::without_token();
    work.write("plain", "x");
    work.write("key.pub", openssl::rsa_key(2056).1);
    let run = unchanged(&work.folder(), || seal(&work, "plain", &[])).fails(16);
    assert!(run.err().contains("2056 bits"), "{}", run.err());
    work.write("key.pub", openssl::rsa_key(2112).1);
    seal(&work, "plain", &[]).ok();
}

#[test]
fn a_result_that_others_packed_in_another_way_opens_as_a_zip() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    let packed = |flags, method| {
        let entry = Entry {
            flags,
            method_id: Some(method),
            ..Entry::new("packed", "x")
        };
        zip([good(), entry])
    };
    for (plain, how) in [
        (packed(0, 12), "compressed with bzip2"),
        (packed(0, 93), "compressed with zstd"),
        (packed(1, 8), "encrypted with a zip password"),
    ] {
        work.write("sealed.zip", keyed.archive(&plain));
        open(&work, &["--output", "opened.zip"]).ok();
        assert!(work.read("opened.zip") == plain, "{how}");
        for args in [&["--extract", "out"][..], &["--output", "-"], &["--verify"]] {
            let run = unchanged(&work.folder(), || open(&work, args)).fails(21);
            assert_eq!(run.out(), "");
            assert!(run.err().contains(how), "{}", run.err());
            assert!(run.err().contains("Open it into a zip"), "{}", run.err());
        }
    }
}

#[test]
fn what_is_sealed_is_not_replaced_by_its_archive() {
    let keyed = Keyed::new();
    let work = work(&keyed);
    let plain = zip([good()]);
    work.write("sealed.zip", &plain);
    std::os::unix::fs::symlink("sealed.zip", work.path("link.zip")).unwrap();
    for source in ["sealed.zip", "link.zip"] {
        let run = unchanged(&work.folder(), || seal(&work, source, &["--force"])).fails(22);
        assert!(
            run.err().contains("it is the file that is sealed"),
            "{}",
            run.err()
        );
    }
    // An archive that is there already is noticed before there is work.
    work.write("large/noise", vec![7; 1 << 20]);
    let run = unchanged(&work.folder(), || seal(&work, "large", &[])).fails(22);
    assert!(run.err().contains("exists already"), "{}", run.err());
}
