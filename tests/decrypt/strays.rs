//! The plaintext that a killed run left goes with the next run that has the same folder for its result,
//! whatever becomes of that run.

use std::fs::File;

use crate::support::*;

/// Where results go, and the folder in which they wait for their checks.
const PLACES: &[(&[&str], &str)] = &[
    (&["a.zip"], ""),
    (&["a.zip", "--output", "sub/result.zip"], "sub"),
    (&["a.zip", "--extract", "files"], "files"),
    (&["a.zip", "--entry", "name", "--output", "sub/name"], "sub"),
    (&["a.zip", "b.zip", "--output-dir", "out"], "out"),
    (&["a.zip", "b.zip", "--extract", "files"], "files/b"),
    (
        &["a.zip", "b.zip", "--output-dir", "out", "--skip-existing"],
        "out",
    ),
];

#[track_caller]
fn gone_after(work: &Work, args: &[&str], folder: &str, exit: i32, prepare: impl Fn(Cmd) -> Cmd) {
    let dead = format!("{folder}/.iexec-hsm-dead.part");
    let dead = dead.trim_start_matches('/');
    work.write(format!("{dead}/.iexec-hsm-mark.part"), "");
    work.write(format!("{dead}/result"), "plaintext");
    work.write(format!("{dead}file.part"), "plaintext");
    let alive = work.write(
        format!("{folder}/.iexec-hsm-alive.part").trim_start_matches('/'),
        "x",
    );
    let lock = File::open(&alive).unwrap();
    lock.lock().unwrap();
    prepare(work.cmd([&["result", "decrypt"], args].concat()))
        .run()
        .fails(exit);
    assert!(!work.exists(dead), "{args:?}");
    assert!(!work.exists(format!("{dead}file.part")), "{args:?}");
    assert!(alive.exists(), "{args:?}");
}

#[test]
fn they_go_although_the_run_fails_before_it_writes() {
    let keyed = Keyed::new();
    let good = keyed.archive(&plain_zip(&[("name", b"x")]));
    for (args, folder) in PLACES {
        let work = keyed.work();
        // Nothing to open; nothing that can be opened; nothing to open it with.
        gone_after(&work, args, folder, 23, Cmd::pin);
        work.write("a.zip", "no zip");
        work.write("b.zip", &good);
        gone_after(&work, args, folder, 21, Cmd::pin);
        work.write("a.zip", &good);
        gone_after(&work, args, folder, 14, |cmd| cmd.arg("--no-input"));
        gone_after(&work, args, folder, 10, |cmd| {
            cmd.env("IEXEC_HSM_MODULE", "/none.so").pin()
        });
    }
}

#[test]
fn they_go_although_there_is_nothing_to_do() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("name", b"x")])));
    work.write("results.zip", "old");
    gone_after(&work, &["a.zip"], "", 22, Cmd::pin);
    gone_after(&work, &["a.zip", "--skip-existing"], "", 0, Cmd::pin);
}
