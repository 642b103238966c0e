//! What a full disk does to SoftHSM2's token, as its guide says.

use std::fs;
use std::process::Command;

use crate::support::*;

/// Copies a folder, into another one that may be there.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    let copied = Command::new("cp").arg("-aT").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

#[test]
fn a_login_on_a_full_disk_destroys_it_and_a_copy_brings_it_back() {
    if other_than_softhsm("the file of its token") {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("a", b"b")]);
    work.write("a.zip", keyed.archive(&plain));
    let tokens = keyed.token.folder().join("tokens");
    let kept = work.path("kept");
    copy(&tokens, &kept);

    // No file may grow from nothing: as on a full disk, and nobody else has to notice.
    let full = ["bash", "-c", "ulimit -f 0; exec \"$@\" >&2", "bash"];
    let cmd = work.cmd(["key", "list", "--no-input"]).pin();
    cmd.under(full).run();
    let is_empty = |entry: fs::DirEntry| {
        fs::metadata(entry.path().join("token.object")).is_ok_and(|it| it.len() == 0)
    };
    let mut folders = fs::read_dir(&tokens).unwrap();
    assert!(
        folders.any(|it| is_empty(it.unwrap())),
        "the guide of SoftHSM2 warns of what does not happen any more"
    );
    let decrypt = || {
        work.cmd(["result", "decrypt", "a.zip", "--output", "a"])
            .pin()
    };
    decrypt().run().fails(10);

    copy(&kept, &tokens);
    decrypt().run().ok();
    assert_eq!(work.read("a"), plain);
}
