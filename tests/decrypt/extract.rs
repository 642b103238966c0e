//! `--extract` unpacks a whole, checked result into one folder and nowhere else, or changes nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::*;

fn entries() -> [Entry; 4] {
    [
        Entry::java("result.txt", b"Hello, world!"),
        Entry::new("data/deep/x.bin", [7; 5000]),
        Entry::new("empty/", b"").stored(),
        Entry::new("nothing", b"").stored(),
    ]
}

/// What these entries become.
fn extracted() -> BTreeMap<PathBuf, Node> {
    BTreeMap::from([
        ("result.txt".into(), Node::file("Hello, world!")),
        ("data".into(), Node::folder()),
        ("data/deep".into(), Node::folder()),
        ("data/deep/x.bin".into(), Node::file([7; 5000])),
        ("empty".into(), Node::folder()),
        ("nothing".into(), Node::file("")),
    ])
}

/// A work folder with `a.zip`, in which these entries are sealed.
fn sealed<'t>(keyed: &'t Keyed, entries: impl IntoIterator<Item = Entry>) -> Work<'t> {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&Zip::of(entries).bytes()));
    work
}

fn extract(work: &Work, args: &[&str]) -> Run {
    work.run([&["result", "decrypt", "a.zip"], args].concat())
}

#[track_caller]
fn refused(work: &Work, args: &[&str], exit: i32) -> Run {
    unchanged(work.folder().parent().unwrap(), || extract(work, args)).fails(exit)
}

#[test]
fn a_result_is_unpacked_for_its_owner_only_without_a_zip_beside_it() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    let json = extract(&work, &["--extract", "new/out", "--raw"])
        .ok()
        .raw();
    assert_eq!(
        json["resultsPath"],
        work.path("new/out").display().to_string()
    );
    assert_eq!(
        (&json["bytes"], &json["entries"]),
        (&5013.into(), &4.into())
    );
    assert_eq!(tree(&work.path("new/out")), extracted());
    assert!(tree(&work.folder())[Path::new("new")] == Node::folder());
    assert!(!work.exists("results.zip"));

    fs::create_dir(work.path("there")).unwrap();
    extract(&work, &["-x", "there"]).ok();
    assert_eq!(tree(&work.path("there")), extracted());
}

#[test]
fn other_files_in_the_folder_stay_as_they_are() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("out/mine", "old");
    work.write("out/data/mine", "old");
    let before = tree(&work.path("out"));
    extract(&work, &["--extract", "out"]).ok();
    let mut expected = extracted();
    expected.extend(before);
    assert_eq!(tree(&work.path("out")), expected);
}

#[test]
fn one_file_in_the_way_stops_all_unless_forced() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    // The last one: everything before it could have been moved already.
    work.write("out/nothing", "old");
    let run = refused(&work, &["--extract", "out"], 22);
    assert!(
        run.err().contains("out/nothing exists already"),
        "{}",
        run.err()
    );
    extract(&work, &["--extract", "out", "--force"]).ok();
    assert_eq!(tree(&work.path("out")), extracted());
}

#[test]
fn a_file_where_a_folder_must_be_and_the_reverse_are_never_replaced() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    fs::create_dir_all(work.path("one/result.txt")).unwrap();
    work.write("two/data", "old");
    work.write("three/empty", "old");
    work.write("four", "old");
    for folder in ["one", "two", "three", "four", "a.zip"] {
        refused(&work, &["--extract", folder, "--force"], 22);
    }
}

#[test]
fn links_in_the_folder_lead_nowhere() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("outside/precious", "old");
    for folder in ["one", "two", "three"] {
        fs::create_dir(work.path(folder)).unwrap();
    }
    symlink("../outside", work.path("one/data")).unwrap();
    symlink("../outside", work.path("two/empty")).unwrap();
    symlink("../outside/precious", work.path("three/result.txt")).unwrap();
    for folder in ["one", "two", "three"] {
        refused(&work, &["--extract", folder, "--force"], 22);
    }
    refused(&work, &["--extract", "three"], 22);
}

#[test]
fn names_that_lead_elsewhere_are_refused_and_nothing_is_written() {
    let keyed = Keyed::new();
    let good = || Entry::new("good", b"first");
    let entry = |name: &[u8]| vec![good(), Entry::new(name, b"evil")];
    let both = |one: &str, other: &str| vec![good(), Entry::new(one, b""), Entry::new(other, b"")];
    let cases = [
        ("parent", entry(b"../evil")),
        ("parent within", entry(b"a/../../evil")),
        ("parent at the end", entry(b"a/..")),
        ("absolute", entry(b"/tmp/iexec-hsm-test-evil")),
        ("double slash", entry(b"a//evil")),
        ("dot", entry(b"./evil")),
        ("backslash", entry(b"..\\evil")),
        ("backslash within", entry(b"a\\evil")),
        ("drive letter", entry(b"C:evil")),
        ("drive letter and slash", entry(b"c:/evil")),
        ("NUL", entry(b"evil\0.txt")),
        ("escape sequence", entry(b"evil\x1b[2J")),
        ("line feed", entry(b"evil\n")),
        ("nothing", entry(b"")),
        // The next run would take it for something that a run before it left.
        ("temporary", entry(b".iexec-hsm-x.part")),
        ("longer than a file system takes", entry(&[b'n'; 300])),
        ("longer, with folders", entry(&b"folder/".repeat(1000))),
        ("temporary folder", entry(b"a/.iexec-hsm-x.part/evil")),
        (
            "link",
            vec![good(), Entry::new("link", b"/etc/passwd").symlink()],
        ),
        (
            "link to a folder, then through it",
            vec![
                Entry::new("link", b"..").stored().symlink(),
                Entry::new("link/evil", b"evil"),
            ],
        ),
        ("file, then folder", both("x", "x/")),
        ("file, then file in it", both("x", "x/y")),
        ("folder, then file", both("x/y", "x")),
    ];
    for (name, entries) in cases {
        let work = sealed(&keyed, entries);
        for args in [
            &["--extract", "out"][..],
            &["--extract", "sub/out", "--force"],
        ] {
            let run = unchanged(work.folder().parent().unwrap(), || extract(&work, args));
            assert_eq!(run.code, Some(21), "{name}: {}", run.err());
            let shown = run.err();
            assert!(
                shown.contains("the result is not extracted"),
                "{name}: {shown}"
            );
            assert!(
                !shown.trim_end().contains(['\x1b', '\0']),
                "{name}: {shown:?}"
            );
        }
        assert!(!Path::new("/tmp/iexec-hsm-test-evil").exists());
        // As a zip it may still be looked into, with care.
        extract(&work, &[]).ok();
        extract(&work, &["--output", "-"]).ok();
    }
}

#[test]
fn a_zip_that_readers_could_disagree_on_is_refused_wherever_it_goes() {
    let keyed = Keyed::new();
    let twice = [Entry::new("x", b"one"), Entry::new("x", b"other")];
    let work = sealed(&keyed, twice);
    for args in [&["--extract", "out"][..], &["--output", "-"], &[]] {
        unchanged(&work.folder(), || extract(&work, args)).fails(20);
    }
}

#[test]
fn names_that_are_no_utf_8_keep_their_bytes() {
    let keyed = Keyed::new();
    let names: [&[u8]; 3] = [
        b"latin-\xe9",
        "r\u{e9}sultat \u{1f4c4}".as_bytes(),
        b"..hidden",
    ];
    let work = sealed(&keyed, names.map(|name| Entry::new(name, b"x")));
    extract(&work, &["--extract", "out"]).ok();
    let expected = names.map(|name| (OsStr::from_bytes(name).into(), Node::file("x")));
    assert_eq!(tree(&work.path("out")), BTreeMap::from(expected));
}

#[test]
fn a_wrong_crc_inside_is_found_when_unpacking_and_by_verify() {
    let keyed = Keyed::new();
    let wrong = Entry {
        crc: Some(7),
        ..Entry::new("wrong", b"data")
    };
    let work = sealed(&keyed, [Entry::new("good", b"data"), wrong]);
    work.write("results.zip", "old");
    refused(&work, &["--extract", "out"], 20);
    refused(&work, &["--verify", "--force"], 20);
    let good = sealed(&keyed, entries());
    extract(&good, &["--verify"]).ok();
    assert!(good.read("results.zip") == Zip::of(entries()).bytes());
}

/// Bytes that several threads check, in pieces; the last piece is a short one.
fn large() -> Vec<u8> {
    (0..9_000_001_u32)
        .map(|at| (at / 7).wrapping_mul(at) as u8)
        .collect()
}

#[test]
fn large_stored_files_are_checked_whole_before_a_byte_of_them_leaves() {
    let keyed = Keyed::new();
    let zip = |crc| {
        let large = Entry {
            crc,
            ..Entry::new("large", large()).stored()
        };
        Zip::of([Entry::new("first", b"x"), large, Entry::new("last", b"y")]).bytes()
    };
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&zip(None)));
    let run = extract(&work, &["--output", "-"]).ok();
    assert!(run.stdout == zip(None));
    extract(&work, &["--extract", "out", "--verify"]).ok();
    assert!(work.read("out/large") == large());
    work.write("a.zip", keyed.archive(&zip(Some(7))));
    let run = refused(&work, &["--output", "-"], 20);
    assert_eq!(run.out(), "");
    refused(&work, &["--output", "new.zip", "--verify"], 20);
}

#[test]
fn an_archive_is_read_once_before_the_first_byte_of_its_result_leaves() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = Zip::of([Entry::new("large", large()).stored()]).bytes();
    work.write("a.zip", keyed.archive(&plain));
    let len = fs::metadata(work.path("a.zip")).unwrap().len();
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--output", "-"]);
    let mut started = cmd.pin().start();
    // From here on it gets no further than the pipe is long.
    assert_eq!(started.first_byte(), plain[0]);
    let read = started.has_read();
    assert!((len..len * 3 / 2).contains(&read), "{read} of {len} bytes");
    assert!(started.wait().ok().stdout == plain[1..]);
}

#[test]
fn what_is_wrong_with_the_archive_counts_more_than_what_that_did_to_a_large_file() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = Zip::of([Entry::new("large", large()).stored()]).bytes();
    let sound = keyed.archive(&plain);
    for at in [5_000, sound.len() / 2, sound.len() - 1_000_000] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        work.write("a.zip", damaged);
        let run = refused(&work, &["--output", "-"], 21);
        assert_eq!(run.out(), "", "{at}");
        assert!(
            run.err().contains("its CRC does not match"),
            "{}",
            run.err()
        );
    }
}

#[test]
fn a_file_that_denies_its_size_is_refused_and_nothing_is_written() {
    let keyed = Keyed::new();
    let lying = Entry {
        size: Some(10),
        local_size: Some(10),
        ..Entry::new("zeros", vec![0; 3 << 20])
    };
    let work = sealed(&keyed, [Entry::new("first", b"x"), lying]);
    work.write("out/mine", "old");
    refused(&work, &["--extract", "out", "--max-size", "1M"], 20);
    refused(&work, &["--output", "-", "--max-size", "4M"], 20);
}

#[test]
fn the_sizes_of_all_files_are_limited_together() {
    let keyed = Keyed::new();
    let zeros = vec![0; 3 << 20];
    for bomb in [Entry::new("zeros", &zeros), Entry::java("zeros", &zeros)] {
        let work = sealed(&keyed, [Entry::new("first", b"x"), bomb]);
        work.write("out/mine", "old");
        let run = refused(&work, &["--extract", "out", "--max-size", "1M"], 24);
        assert!(run.err().contains("--max-size"), "{}", run.err());
        refused(&work, &["--extract", "new", "--max-size", "1M"], 24);
    }
    let three = (0..3).map(|at| Entry::new(format!("{at}"), vec![0; 400_000]));
    let work = sealed(&keyed, three);
    refused(&work, &["--extract", "out", "--max-size", "1M"], 24);
    extract(&work, &["--extract", "out", "--max-size", "1200000"]).ok();
}

#[test]
fn entries_are_limited_and_their_count_must_be_true() {
    let keyed = Keyed::new();
    let mut zip = Zip::of((0..5).map(|at| Entry::new(format!("{at}"), b"x")));
    for (count, exit) in [(None, 24), (Some(1), 20)] {
        zip.count = count;
        let work = keyed.work();
        work.write("a.zip", keyed.archive(&zip.bytes()));
        let run = refused(&work, &["--extract", "out", "--max-entries", "4"], exit);
        assert_eq!(
            run.err().contains("--max-entries"),
            exit == 24,
            "{}",
            run.err()
        );
    }
    let work = sealed(&keyed, zip.entries);
    extract(&work, &["--extract", "out", "--max-entries", "5"]).ok();
    assert_eq!(tree(&work.path("out")).len(), 5);
}

#[test]
fn several_archives_get_a_folder_each() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("b.zip", keyed.archive(&Zip::of(entries()).bytes()));
    work.write("broken.zip", "no zip");
    let args = ["broken.zip", "b.zip", "--extract", "out"];
    let run = extract(&work, &args).fails(21);
    assert!(
        run.err().contains("broken.zip: this is not a zip"),
        "{}",
        run.err()
    );
    assert_eq!(tree(&work.path("out/a")), extracted());
    assert_eq!(tree(&work.path("out/b")), extracted());
    let names: Vec<_> = fs::read_dir(work.path("out")).unwrap().collect();
    assert_eq!(names.len(), 2);
}

#[test]
fn the_name_of_an_archive_does_not_lead_out_of_the_folder() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    work.write("...zip", keyed.archive(&Zip::of(entries()).bytes()));
    extract(&work, &["...zip", "--extract", "out"]).ok();
    assert_eq!(tree(&work.path("out/a")), extracted());
    assert_eq!(tree(&work.path("out/results")), extracted());
}

#[test]
fn an_empty_result_becomes_an_empty_folder() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, []);
    extract(&work, &["--extract", "new/out"]).ok();
    assert_eq!(tree(&work.folder())[Path::new("new/out")], Node::folder());
    assert!(tree(&work.path("new/out")).is_empty());
}

/// Whoever moves the folder away in which a result waits leads nothing out of the folder that was named, even where the
/// program holds the folder by its descriptor.
#[test]
fn what_waits_is_published_from_nowhere_but_the_folder_that_was_named() {
    let keyed = Keyed::new();
    let work = sealed(&keyed, entries());
    for (moves, exit, content) in [(false, 0, "Hello, world!"), (true, 23, "old")] {
        let _ = fs::remove_dir_all(work.path("out"));
        fs::create_dir(work.path("out")).unwrap();
        work.write("out/result.txt", "old");
        let cmd = work.cmd(["result", "decrypt", "a.zip", "-x", "out"]).pin();
        let mut pty = Pty::spawn(&cmd);
        pty.expect("result.txt already exists, replace it? [y/N] ");
        if moves {
            if !has_landlock() {
                eprintln!("skipped: this kernel has no Landlock, or an old one");
                return;
            }
            let waiting = wrong_tmp(&work.path("out")).remove(0);
            fs::rename(waiting, work.path("elsewhere")).unwrap();
        }
        assert_eq!(pty.send("y\n").wait().0, exit);
        assert_eq!(work.read("out/result.txt"), content.as_bytes());
    }
}

/// Whether the kernel puts up a wall around an extraction.
fn has_landlock() -> bool {
    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let handled = strict.handle_access(AccessFs::from_all(ABI::V2));
    handled.and_then(Ruleset::create).is_ok()
}
