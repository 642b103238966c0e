//! Memory does not depend on the size of the result, whichever way it comes and goes.

use std::path::Path;

use crate::support::*;

const MIB: usize = 1 << 20;
const MOST: usize = 32 * MIB;
/// Address space that a run is given: less than the large archive has bytes.
const SPACE: usize = 192 * MIB;
/// What two runs may differ in: the allocator's and the loader's moods.
const ALIKE: usize = 2 * MIB;

/// Writes an archive whose result is this large.
fn write_archive(keyed: &Keyed, path: &Path, size: usize) {
    let mut noise = vec![0; MIB];
    getrandom::fill(&mut noise).unwrap();
    let plain = Zip::of([Entry::new("noise", noise.repeat(size / MIB)).stored()]).bytes();
    let sealed = Sealed::current(&keyed.public, &plain);
    let entries = [sealed.body_entry().stored(), sealed.key_entry()];
    std::fs::write(path, Zip::of(entries).bytes()).unwrap();
}

/// The most memory that a run took, by GNU time, in an address space of [`SPACE`].
fn peak(work: &Work, archive: &str, how: &str) -> usize {
    let (input, args, output) = match how {
        "file" => (archive, "--output out.zip", "/dev/null"),
        "pipe" => ("-", "--output out.zip", "/dev/null"),
        "folder" => (archive, "--extract out", "/dev/null"),
        "verified" => (archive, "--output out.zip --verify", "/dev/null"),
        "stdout" => (archive, "--output -", "/dev/null"),
        _ => panic!("{how}"),
    };
    let script = format!(
        "ulimit -v {}; exec /usr/bin/time -f %M -o peak \"$0\" \"$@\" {input} {args} <{archive} >{output}",
        SPACE / 1024
    );
    let cmd = work.cmd(["result", "decrypt", "--force"]).pin();
    cmd.under(["bash", "-c", &script]).run().ok();
    let kib = String::from_utf8(work.read("peak")).unwrap();
    kib.trim().parse::<usize>().unwrap() * 1024
}

/// Opens a small and a large archive in these ways.
#[track_caller]
fn flat(ways: &[&str]) {
    let keyed = Keyed::new();
    let work = keyed.work();
    let sizes = [64 * MIB, 256 * MIB];
    for size in sizes {
        write_archive(&keyed, &work.path(format!("{size}.zip")), size);
    }
    for way in ways {
        let [small, large] = sizes.map(|size| peak(&work, &format!("{size}.zip"), way));
        println!("{way}: {} KiB and {} KiB", small >> 10, large >> 10);
        assert!(small <= MOST && large <= MOST, "{way}: {small} and {large}");
        assert!(small.abs_diff(large) <= ALIKE, "{way}: {small} and {large}");
        let _ = std::fs::remove_dir_all(work.path("out"));
    }
}

#[test]
fn memory_is_flat_whichever_way_a_result_goes() {
    flat(&["file", "pipe", "folder", "stdout", "verified"]);
}
