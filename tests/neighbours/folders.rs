//! Results that are small as files and large as folders.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::*;

/// Entries without content, each in as many folders of its own.
fn nested(entries: usize, folders: usize) -> Vec<Entry> {
    let name = |at: usize| format!("{}file", format!("{at}/").repeat(folders));
    (0..entries)
        .map(|at| Entry::new(name(at), b"").stored())
        .collect()
}

#[test]
fn a_folder_counts_as_an_entry_wherever_a_result_goes() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = Zip::of(nested(100, 900)).bytes();
    work.write("plain.zip", &plain);
    work.write("a.zip", keyed.archive(&plain));
    work.write("key.pub", &keyed.public);
    let limits = ["--max-entries", "100", "--max-size", "1M"];
    let name = String::from_utf8(nested(1, 900).remove(0).name).unwrap();
    let commands: [&[&str]; 6] = [
        &["result", "decrypt", "a.zip", "-x", "out"],
        &["result", "decrypt", "a.zip", "-o", "out.zip"],
        &["result", "decrypt", "a.zip", "-o", "-"],
        &["result", "decrypt", "a.zip", "--entry", &name, "-o", "one"],
        &["result", "decrypt", "a.zip", "--entry", &name, "-x", "out"],
        &[
            "result",
            "encrypt",
            "plain.zip",
            "--public-key",
            "key.pub",
            "-o",
            "b.zip",
        ],
    ];
    for command in commands {
        let run = unchanged(&work.folder(), || work.run([command, &limits].concat()));
        let run = run.fails(24);
        assert!(
            run.err().contains("number of files and folders"),
            "{}",
            run.err()
        );
        assert!(run.err().contains("--max-entries"), "{}", run.err());
    }
    // As many as there are are let in, and are too deep to be unpacked.
    let run = unchanged(&work.folder(), || work.run(commands[0])).fails(21);
    assert!(run.err().contains("too many folders"), "{}", run.err());
    let run = unchanged(&work.folder(), || work.run(commands[5])).fails(21);
    assert!(run.err().contains("too many folders"), "{}", run.err());
    work.run(commands[1]).ok();
    assert_eq!(work.read("out.zip"), plain);
}

#[test]
fn a_signal_among_many_folders_ends_it_and_the_next_run_tidies_up() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("many.zip", keyed.archive(&Zip::of(nested(40, 90)).bytes()));
    work.write("small.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let extract = |archive| work.cmd(["result", "decrypt", archive, "-x", "out"]).pin();
    let mut started = extract("many.zip").start();
    // In the middle of making them, at the latest.
    let is_begun = || {
        let staged = wrong_tmp(&work.folder());
        staged
            .iter()
            .any(|it| fs::read_dir(it).is_ok_and(|entries| entries.count() > 20))
    };
    while !is_begun() {
        assert!(started.runs(), "it was through before it was looked at");
        thread::sleep(Duration::from_millis(1));
    }
    started.signal(Signal::TERM);
    started.wait().killed_by(Signal::TERM);
    extract("small.zip").run().ok();
    work.is_tidy();
    assert_eq!(tree(&work.path("out")).len(), 1);
}
