//! A disk that refuses: by a quota, because it is broken, or because it can only be read any more.

use crate::support::*;

const ERRORS: [&str; 4] = ["EDQUOT", "ENOSPC", "EIO", "EROFS"];

/// Opens `a.zip` where the `number`th call of `call` fails.
fn open(work: &Work<'_>, to: [&str; 2], call: &str, number: usize, error: &str) -> Run {
    let inject = format!("inject={call}:error={error}:when={number}");
    let trace = format!("trace={call}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e"];
    let strace = strace.into_iter().chain([inject.as_str()]);
    let args = ["result", "decrypt", "a.zip", "--force", to[0], to[1]];
    work.cmd(args).pin().under(strace).run().fails(23)
}

/// A work folder with an archive of one file, and an older result of each kind.
fn prepared(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("it", b"new")])));
    work.write("to.zip", "old");
    work.write("out/it", "old");
    work
}

#[test]
fn what_is_refused_before_it_has_its_name_leaves_the_old_file() {
    let keyed = Keyed::new();
    let work = prepared(&keyed);
    for error in ERRORS {
        for call in ["pwrite64", "fsync", "rename,renameat"] {
            let run = unchanged(&work.folder(), || {
                open(&work, ["--output", "to.zip"], call, 1, error)
            });
            let err = run.err();
            assert!(err.contains("writing to.zip failed"), "{call}: {err}");
            let room = matches!(error, "EDQUOT" | "ENOSPC");
            assert_eq!(err.contains("Make room on the disk"), room, "{err}");
        }
        unchanged(&work.folder(), || {
            open(&work, ["--extract", "out"], "fsync", 1, error)
        });
    }
}

#[test]
fn what_is_refused_after_it_has_its_name_is_the_whole_new_file() {
    let keyed = Keyed::new();
    for error in ERRORS {
        let work = prepared(&keyed);
        open(&work, ["--output", "to.zip"], "fsync", 2, error);
        assert!(work.read("to.zip") == plain_zip(&[("it", b"new")]));
        open(&work, ["--extract", "out"], "fsync", 2, error);
        assert_eq!(work.read("out/it"), b"new");
        work.is_tidy();
    }
}
