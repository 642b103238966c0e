//! How often the bytes of an archive are read, as the kernel counts them.

use crate::support::*;

/// Bytes of the file in the larger result.
const LEN: usize = 6 << 20;

/// Bytes that may be read more than once: those of the end, where the directories are, however large all is.
const AGAIN: u64 = 512 << 10;

/// Bytes of the archive for each call that reads, at least. One call more for each of the 16 KiB that a deflater makes a
/// block of would be too many, but where threads begin at several places.
const AT_ONCE: u64 = 24 << 10;
const AT_ONCE_AT_SEVERAL: u64 = 16 << 10;

/// What a run read, from the libraries and the token, too.
#[derive(Clone, Copy)]
struct Read {
    bytes: u64,
    calls: u64,
}

fn read_by(work: &Work, archive: &str, to: &[&str]) -> Read {
    let cmd = work.cmd(["result", "decrypt", archive, "--no-sync"]).pin();
    // What a child has read is its parent's, too, once it has ended.
    let script = "\"$0\" \"$@\" >/dev/null; status=$?; cat /proc/$$/io >io; exit $status";
    cmd.args(to).under(["bash", "-c", script]).run().ok();
    let counted = String::from_utf8(work.read("io")).unwrap();
    let of = |name| {
        let found = counted.lines().find_map(|it| it.strip_prefix(name));
        found.unwrap().trim().parse().unwrap()
    };
    Read {
        bytes: of("rchar:"),
        calls: of("syscr:"),
    }
}

fn assert_passes(large: &[u8], small: &[u8], keyed: &Keyed) {
    let work = keyed.work();
    work.write("large.zip", large);
    work.write("small.zip", small);
    for (to, passes, at_once) in [
        (&["--output", "out.zip"][..], 1, AT_ONCE),
        (&["--extract", "out"], 1, AT_ONCE),
        (&["--entry", "noise", "--output", "noise"], 1, AT_ONCE),
        // Nothing leaves before all of it was checked.
        (&["--output", "-"], 2, AT_ONCE_AT_SEVERAL),
    ] {
        let [of_large, of_small] = ["large.zip", "small.zip"].map(|it| {
            let read = read_by(&work, it, to);
            for out in ["out.zip", "noise"] {
                let _ = std::fs::remove_file(work.path(out));
            }
            let _ = std::fs::remove_dir_all(work.path("out"));
            read
        });
        let bytes = passes * (large.len() - small.len()) as u64;
        let again = (of_large.bytes - of_small.bytes).checked_sub(bytes);
        let calls = of_large.calls - of_small.calls;
        println!("{to:?}: {again:?} bytes again, {calls} calls for {bytes} bytes");
        assert!(again.is_some_and(|it| it <= AGAIN), "{to:?}: {again:?}");
        assert!(calls <= bytes / at_once, "{to:?}: {calls} of {bytes} bytes");
    }
}

#[test]
fn each_byte_of_an_archive_is_read_once_in_each_pass() {
    let keyed = Keyed::new();
    let sealed = |len| {
        let plain = Zip::of([Entry::new("noise", noise(len)).stored()]).bytes();
        Sealed::current(&keyed.public, &plain)
    };
    let [large, small] = [LEN, 100].map(sealed);
    let deflated = |it: &Sealed| Zip::of([it.body_entry(), it.key_entry()]).bytes();
    assert_passes(&deflated(&large), &deflated(&small), &keyed);
    let stored = |it: &Sealed| Zip::of([it.body_entry().stored(), it.key_entry()]).bytes();
    assert_passes(&stored(&large), &stored(&small), &keyed);
}
