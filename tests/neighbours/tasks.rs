//! Where results of tasks, evidence, and an agent's units go although another user may write there, and what is passed
//! over because it is there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::chain::pull::World;
use crate::support::chain::Requester;
use crate::support::neighbour::{NEIGHBOUR, Neighbour};
use crate::support::*;

/// A folder that is the neighbour's, with a link of theirs to one that they may not look into.
fn furnish(work: &Work<'_>) {
    for (name, mode) in [("shared", 0o777), ("precious", 0o700)] {
        fs::create_dir(work.path(name)).unwrap();
        fs::set_permissions(work.path(name), Permissions::from_mode(mode)).unwrap();
    }
    let link = work.path("shared/link");
    symlink(work.path("precious"), &link).unwrap();
    for path in [work.path("shared"), link] {
        Neighbour::owns(&path);
    }
}

#[test]
fn no_result_or_evidence_of_a_task_goes_where_another_user_points() {
    if !Neighbour::can_be_played() {
        return;
    }
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    furnish(&work);
    world.configured(&work);
    let task = world.tasks(1).into_keys().next().unwrap();
    let show = ["task", "show", &task];
    let commands: [&[&str]; 9] = [
        &["task", "show", &task, "--download", "shared/link/out"],
        &[&show[..], &["--decrypt", "--download", "shared/link/out"]].concat(),
        &[&show[..], &["--extract", "shared/link"]].concat(),
        &[&show[..], &["--extract", "shared/link/new"]].concat(),
        &[
            &show[..],
            &["--entry", "result.txt", "--download", "shared/link/out"],
        ]
        .concat(),
        &[
            &show[..],
            &["--extract", "mine", "--evidence", "shared/link/evidence"],
        ]
        .concat(),
        &["task", "pull", "--output-dir", "shared/link"],
        &["task", "pull", "--output-dir", "shared/link/new"],
        &[
            "agent",
            "install",
            "--no-enable",
            "--unit-dir",
            "shared/link",
        ],
    ];
    for command in commands {
        let mut args = command.to_vec();
        if command[0] == "task" {
            args.extend(["--wallet-address", ADDRESS]);
        }
        let run = work.cmd(args).pin().run().fails(23);
        assert!(
            run.err().contains("link is a link of another user"),
            "{command:?}: {}",
            run.err()
        );
        assert_eq!(fs::read_dir(work.path("precious")).unwrap().count(), 0);
    }
}

#[test]
fn a_run_whose_result_another_user_would_direct_is_not_paid_for() {
    if !Neighbour::can_be_played() {
        return;
    }
    let Some(requester) = Requester::start() else {
        return;
    };
    furnish(&requester.work);
    let node = requester.node();
    requester.at(&node.url());
    for place in [
        &["--download", "shared/link/out"][..],
        &["--decrypt", "--download", "shared/link/out"],
        &["--extract", "shared/link"],
        &["--extract", "shared/link/new"],
        &["--extract", "mine", "--evidence", "shared/link/evidence"],
    ] {
        let args = [&["--encrypt-result", "--force", "--raw"], place].concat();
        let run = requester.run(&args).run().fails(23);
        assert!(
            run.err().contains("link is a link of another user"),
            "{place:?}: {}",
            run.err()
        );
    }
    assert!(requester.journal().is_empty());
    assert!(node.requests().is_empty(), "it was begun");
}

#[test]
fn units_are_not_written_where_others_could_change_them() {
    if !Neighbour::can_be_played() {
        return;
    }
    let work = Work::without_token();
    furnish(&work);
    let install = |folder: &str| {
        let args = ["agent", "install", "--no-enable", "--unit-dir"];
        work.cmd(args).arg(folder).run()
    };
    fs::create_dir_all(work.path("shared/new")).unwrap();
    for folder in ["shared", "shared/new"] {
        let run = unchanged(&work.folder(), || install(folder)).fails(1);
        assert!(
            run.err().contains("others could change the units"),
            "{}",
            run.err()
        );
    }
    fs::create_dir(work.path("mine")).unwrap();
    install("mine").ok();
}

#[test]
fn what_another_user_made_in_the_place_of_a_result_is_not_passed_over_in_silence() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    fs::create_dir(work.path("open")).unwrap();
    fs::set_permissions(work.path("open"), Permissions::from_mode(0o1777)).unwrap();
    work.write("open/a.zip", "forged");
    Neighbour::owns(&work.path("open/a.zip"));
    work.write("open/folder/a/x", "forged");
    Neighbour::owns(&work.path("open/folder/a"));
    for place in [["-o", "open/a.zip"], ["-x", "open/folder"]] {
        let cmd = work.cmd(["result", "decrypt", "a.zip", "--skip-existing"]);
        let run = cmd.args(&place).run().ok();
        let owner = format!("it belongs to another user (number {NEIGHBOUR})");
        assert!(run.err().contains(&owner), "{}", run.err());
    }
    fs::remove_file(work.path("open/a.zip")).unwrap();
    let decrypt = [
        "result",
        "decrypt",
        "a.zip",
        "--skip-existing",
        "-o",
        "open/a.zip",
    ];
    work.cmd(decrypt).pin().run().ok();
    let run = work.cmd(decrypt).run().ok();
    assert!(!run.err().contains("another user"), "{}", run.err());
}
