//! What is read although another user may put something else in its place: a regular file, below the folder that was named.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::support::neighbour::Neighbour;
use crate::support::*;

/// As often as each race is run.
const ROUNDS: usize = 12;

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[test]
fn no_pipe_device_or_socket_in_the_place_of_an_input_is_waited_for() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    work.write("key.pub", &keyed.public);
    pipe(&work.path("pipe"));
    let _socket = UnixListener::bind(work.path("socket")).unwrap();
    let encrypt = ["result", "encrypt", "--output", "out.zip"];
    let commands: [&[&str]; 8] = [
        &["result", "decrypt", "INPUT"],
        &["result", "inspect", "INPUT"],
        &[&encrypt[..], &["INPUT", "--public-key", "key.pub"]].concat(),
        &[&encrypt[..], &["a.zip", "--public-key", "INPUT"]].concat(),
        &["result", "import-encryption-key", "INPUT"],
        &["result", "verify", "--evidence", "INPUT"],
        &["result", "verify", "a.zip", "--evidence", "INPUT"],
        &["key", "attest", "--attestation-root", "INPUT"],
    ];
    for command in commands {
        for input in ["./pipe", "./socket", "/dev/zero"] {
            let args = command
                .iter()
                .map(|it| if *it == "INPUT" { input } else { it });
            // One that waits would do so for ever, and one that reads on until the memory is full.
            let limited = ["prlimit", "--as=2000000000", "timeout", "30"];
            let run = unchanged(&work.folder(), || work.cmd(args).under(limited).run());
            let said = run.err();
            let waited = matches!(run.code, Some(0 | 124) | None);
            assert!(!waited, "{command:?} {input}: {:?} {said}", run.code);
            assert!(!said.contains("memory"), "{command:?} {input}: {said}");
        }
    }
}

/// Puts a link to the file that they may not read in the place of the one that is, and back, as fast as it goes.
const SWAP: &str = "shared, precious = sys.argv[1:]
os.chdir(shared)
os.symlink(precious, 'link')
while True:
    os.rename('file', 'mine'); os.rename('link', 'file')
    os.rename('file', 'link'); os.rename('mine', 'file')
";

#[test]
fn a_file_that_is_swapped_for_a_link_is_not_sealed() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("key.pub", &keyed.public);
    let precious = work.write("precious", "a secret");
    work.write("shared/file", "for all");
    for path in [work.path("shared"), work.path("shared/file")] {
        Neighbour::owns(&path);
    }
    let Some(_swapping) = Neighbour::start(&work, SWAP, &[&work.path("shared"), &precious]) else {
        return;
    };
    let args = "result encrypt shared --public-key key.pub --force -o sealed.zip";
    for _ in 0..ROUNDS {
        // While it is away there is nothing to seal.
        if work.run(args.split(' ')).code == Some(0) {
            let opened = work.cmd(["result", "decrypt", "sealed.zip", "--force", "-x", "out"]);
            opened.pin().run().ok();
            for (name, found) in tree(&work.path("out")) {
                assert_ne!(found, Node::file("a secret"), "{}", name.display());
            }
            fs::remove_dir_all(work.path("out")).unwrap();
        }
    }
}
