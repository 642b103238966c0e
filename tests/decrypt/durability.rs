//! When a result is on the disk: before it gets its name, or, with `--no-sync`, when the system likes.

use std::fs;
use std::path::Path;

use crate::support::*;

/// The system calls that make files durable, and the renames, in order, of one run.
fn calls(work: &Work, args: &[&str]) -> Vec<String> {
    let trace = "fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat";
    let strace = ["strace", "-f", "-qq", "-e", trace, "-o", "calls"];
    work.cmd(args).pin().under(strace).run().ok();
    let log = work.read("calls");
    let log = String::from_utf8_lossy(&log);
    let name = |line: &str| {
        let call = line.split_whitespace().nth(1)?;
        let name = call.split('(').next()?;
        // At last the place where files waited is marked as one to be removed, which need not last.
        let is_of_end = line.contains(", \".iexec-hsm-mark.part\") = 0");
        let is_ours = line.contains(" = 0") && !line.contains("softhsm") && !is_of_end;
        is_ours.then(|| {
            name.trim_end_matches("at2")
                .trim_end_matches("at")
                .to_owned()
        })
    };
    log.lines().filter_map(name).collect()
}

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!"), ("more/of it", b"...")])
}

/// A token with a key and an archive `a.zip` in a work folder.
fn archive(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    work
}

#[test]
fn a_file_is_synced_before_it_gets_its_name_and_its_folder_after_that() {
    let keyed = Keyed::new();
    let work = archive(&keyed);
    let calls = calls(&work, &["result", "decrypt", "a.zip", "--force"]);
    assert_eq!(calls, ["fsync", "rename", "fsync"]);
}

#[test]
fn a_few_extracted_files_are_synced_before_and_their_folders_after_they_get_their_names() {
    let keyed = Keyed::new();
    let work = archive(&keyed);
    let first = calls(&work, &["result", "decrypt", "a.zip", "-x", "new/out"]);
    // The place where they wait is marked as complete in between.
    let files = [&["fsync"; 2][..], &["rename"; 3]].concat();
    // `more`, `out`, and what `out` and `new` were made in.
    assert_eq!(first, [&files[..], &["fsync"; 4]].concat());
    // Nothing is made any more, and each file replaces one.
    let args = ["result", "decrypt", "a.zip", "-x", "new/out", "--force"];
    let expected = [["fsync"; 2], ["rename"; 2], ["fsync"; 2]].concat();
    assert_eq!(calls(&work, &args), expected);
}

/// What was synced below the work folder, or is it, in order.
fn synced(work: &Work, args: &[&str]) -> Vec<String> {
    let strace = ["strace", "-f", "-qq", "-y", "-e", "fsync", "-o", "calls"];
    work.cmd(args).pin().under(strace).run().ok();
    let log = String::from_utf8(work.read("calls")).unwrap();
    let root = fs::canonicalize(work.folder()).unwrap();
    let path = |line: &str| {
        let (_, path) = line.split_once("fsync(")?.1.split_once('<')?;
        let below = Path::new(path.split_once('>')?.0).strip_prefix(&root);
        Some(below.ok()?.to_str().unwrap().to_owned())
    };
    log.lines().filter_map(path).collect()
}

#[test]
fn the_folder_of_several_results_is_synced_where_it_was_made() {
    let keyed = Keyed::new();
    let work = archive(&keyed);
    work.write("b.zip", keyed.archive(&plain()));
    let args = ["result", "decrypt", "a.zip", "b.zip", "-x", "new/out"];
    let made =
        |synced: &[String]| ["", "new"].map(|it| synced.iter().filter(|path| *path == it).count());
    assert_eq!(made(&synced(&work, &args)), [1, 1]);
    // Now it is there.
    let again = [&args[..], &["--force"]].concat();
    assert_eq!(made(&synced(&work, &again)), [0, 0]);
    let unsynced = synced(
        &work,
        &[&args[..4], &["-x", "other/out", "--no-sync"]].concat(),
    );
    assert!(unsynced.is_empty(), "{unsynced:?}");
}

#[test]
fn many_extracted_files_are_synced_together_before_and_after_they_get_their_names() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let names: Vec<String> = (0..5).map(|number| number.to_string()).collect();
    let entries: Vec<_> = names.iter().map(|name| (&**name, &b"..."[..])).collect();
    work.write("a.zip", keyed.archive(&plain_zip(&entries)));
    let calls = calls(&work, &["result", "decrypt", "a.zip", "-x", "out"]);
    let expected = [&["syncfs"][..], &["rename"; 6], &["syncfs"]];
    assert_eq!(calls, expected.concat());
}

#[test]
fn without_a_sync_nothing_is_waited_for_and_the_result_is_the_same() {
    let keyed = Keyed::new();
    let work = archive(&keyed);
    let to_file = ["result", "decrypt", "a.zip", "--force", "--no-sync"];
    assert_eq!(calls(&work, &to_file), ["rename"]);
    assert!(work.read("results.zip") == plain());

    let to_folder = calls(
        &work,
        &["result", "decrypt", "a.zip", "-x", "out", "--no-sync"],
    );
    assert!(
        to_folder.iter().all(|call| call == "rename"),
        "{to_folder:?}"
    );
    work.run(["result", "decrypt", "a.zip", "-x", "synced"])
        .ok();
    assert_eq!(tree(&work.path("out")), tree(&work.path("synced")));
}
