//! Where results, archives and key files go although another user who may write there swaps and links: below the folder
//! that was named, or nowhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::neighbour::{NEIGHBOUR, Neighbour};
use crate::support::*;

/// As often as each race is run.
const ROUNDS: usize = 12;

/// Swaps each temporary folder, and each folder of the result, for a link to the folder that is not theirs, as fast as
/// it goes; what was there is moved aside.
const SWAP: &str = "shared, precious = sys.argv[1:]
os.chdir(shared)
n = 0
while True:
    for name in attempt(os.listdir) or []:
        if name.startswith('.iexec-hsm-') or name == 'data':
            n += 1
            if attempt(os.rename, name, 'moved-%d' % n) is None: os.path.islink(name)
            attempt(os.symlink, precious, name)
";

/// A work folder with an archive, a folder that the neighbour owns, and one that they may not look into.
fn furnished<'t>(keyed: &'t Keyed) -> Work<'t> {
    let work = keyed.work();
    let mut entries = vec![Entry::new("authorized_keys", b"ssh-ed25519 theirs")];
    entries.extend((0..40).map(|at| Entry::new(format!("data/{at}"), [7; 9000])));
    work.write("a.zip", keyed.archive(&Zip::of(entries).bytes()));
    for (name, mode) in [("shared", 0o777), ("precious", 0o700)] {
        fs::create_dir(work.path(name)).unwrap();
        fs::set_permissions(work.path(name), Permissions::from_mode(mode)).unwrap();
    }
    Neighbour::owns(&work.path("shared"));
    work
}

/// Empties the folder that is the neighbour's.
fn clear(work: &Work) {
    for entry in fs::read_dir(work.path("shared")).unwrap() {
        let path = entry.unwrap().path();
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
}

#[track_caller]
fn nothing_went_elsewhere(work: &Work) {
    let found: Vec<_> = fs::read_dir(work.path("precious")).unwrap().collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_folder_that_is_swapped_for_a_link_leads_no_file_elsewhere() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let (shared, precious) = (work.path("shared"), work.path("precious"));
    let Some(_swapping) = Neighbour::start(&work, SWAP, &[&shared, &precious]) else {
        return;
    };
    work.write("key.pub", &keyed.public);
    let commands: [&[&str]; 5] = [
        &["result", "decrypt", "a.zip", "--force", "-x", "shared"],
        &["result", "decrypt", "a.zip", "--force", "-x", "shared/data"],
        &[
            "result",
            "decrypt",
            "a.zip",
            "--force",
            "-o",
            "shared/data/out.zip",
        ],
        &[
            "result",
            "encrypt",
            "key.pub",
            "--public-key",
            "key.pub",
            "--force",
            "-o",
            "shared/data/b.zip",
        ],
        &["key", "export", "--force", "-o", "shared/data/key.pub"],
    ];
    for command in commands {
        for _ in 0..ROUNDS {
            let run = work.run(command);
            assert!(run.code.is_some(), "{:?}", run.signal);
            nothing_went_elsewhere(&work);
        }
        clear(&work);
    }
}

#[test]
fn a_link_of_another_user_is_not_followed_by_any_command_that_writes() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("key.pub", &keyed.public);
    symlink(work.path("precious"), work.path("shared/link")).unwrap();
    Neighbour::owns(&work.path("shared/link"));
    let commands: [&[&str]; 7] = [
        &["result", "decrypt", "a.zip", "-x", "shared/link"],
        &["result", "decrypt", "a.zip", "-x", "shared/link/new"],
        &["result", "decrypt", "a.zip", "-o", "shared/link/out.zip"],
        &["result", "decrypt", "a.zip", "--output-dir", "shared/link"],
        &[
            "result",
            "encrypt",
            "a.zip",
            "--public-key",
            "key.pub",
            "-o",
            "shared/link/a.zip",
        ],
        &["key", "export", "-o", "shared/link/key.pub"],
        &["man", "--dir", "shared/link"],
    ];
    for command in commands {
        let run = work.run(command).fails(23);
        let said = run.err();
        assert!(
            said.contains("link is a link of another user"),
            "{command:?}: {said}"
        );
        nothing_went_elsewhere(&work);
    }
    // One's own leads where one has led it.
    symlink(work.path("precious"), work.path("mine")).unwrap();
    work.run(["result", "decrypt", "a.zip", "-o", "mine/out.zip"])
        .ok();
    assert!(work.exists("precious/out.zip"));
}

#[test]
fn key_files_are_not_made_where_another_user_points() {
    if !Neighbour::can_be_played() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    fs::create_dir(work.path("precious")).unwrap();
    symlink(work.path("precious"), work.path(".secrets")).unwrap();
    Neighbour::owns(&work.path(".secrets"));
    let args = [
        "result",
        "generate-encryption-keypair",
        "--wallet-address",
        ADDRESS,
    ];
    let run = work.run(args).fails(23);
    assert!(run.err().contains("link of another user"), "{}", run.err());
    assert_eq!(fs::read_dir(work.path("precious")).unwrap().count(), 0);
}

#[test]
fn what_is_renamed_to_look_temporary_is_not_removed() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    // A result of before, which another user cannot look into, but rename.
    let before = work.path("shared/.iexec-hsm-0123456789abcdef.part");
    fs::create_dir(&before).unwrap();
    fs::set_permissions(&before, Permissions::from_mode(0o700)).unwrap();
    fs::write(before.join("result.txt"), "mine").unwrap();
    work.run(["result", "decrypt", "a.zip", "-o", "shared/out.zip"])
        .ok();
    work.run(["result", "decrypt", "a.zip", "-x", "shared"])
        .ok();
    assert_eq!(fs::read(before.join("result.txt")).unwrap(), b"mine");
}

/// What a hard link, a device or a pipe of another user stands for is not written to.
#[test]
fn what_another_user_put_in_the_place_of_an_output_is_left_alone() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let mine = work.write("precious/mine", "mine");
    let place = work.path("shared/out.zip");
    for (what, make) in [
        ("link", &|| symlink(&mine, &place).unwrap()),
        ("pipe", &|| {
            let made = Command::new("mkfifo").arg(&place).status();
            assert!(made.unwrap().success());
        }),
    ] as [(&str, &dyn Fn()); 2]
    {
        make();
        std::os::unix::fs::lchown(&place, Some(NEIGHBOUR), None).unwrap();
        for command in [
            [
                "result",
                "decrypt",
                "a.zip",
                "--force",
                "-o",
                "shared/out.zip",
            ],
            [
                "key",
                "export",
                "--force",
                "--quiet",
                "-o",
                "shared/out.zip",
            ],
        ] {
            let run = work.run(command).fails(22);
            assert!(run.err().contains("cannot be the output"), "{}", run.err());
        }
        assert!(!fs::symlink_metadata(&place).unwrap().is_file(), "{what}");
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
        fs::remove_file(&place).unwrap();
    }
    // Of a hard link the new file takes the name alone.
    fs::hard_link(&mine, &place).unwrap();
    work.run([
        "result",
        "decrypt",
        "a.zip",
        "--force",
        "-o",
        "shared/out.zip",
    ])
    .ok();
    assert_eq!(fs::read(Path::new(&mine)).unwrap(), b"mine");
}

#[test]
fn an_agent_makes_neither_socket_nor_log_where_another_user_points() {
    if !Neighbour::can_be_played() {
        return;
    }
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    symlink(work.path("precious"), work.path("shared/link")).unwrap();
    Neighbour::owns(&work.path("shared/link"));
    fs::create_dir(work.path("mine")).unwrap();
    fs::set_permissions(work.path("mine"), Permissions::from_mode(0o700)).unwrap();
    for (socket, log) in [
        ("shared/link/agent.sock", "mine/audit"),
        ("shared/link/new/agent.sock", "mine/audit"),
        ("mine/agent.sock", "shared/link/audit"),
    ] {
        // One that starts all the same would run for ever.
        let cmd = work.cmd(["agent", "start", "--agent-sock", socket, "--audit-log", log]);
        let run = cmd.under(["timeout", "20"]).run();
        let said = run.err();
        assert!(!matches!(run.code, Some(0 | 124) | None), "{socket} {log}");
        assert!(said.contains("link of another user"), "{said}");
        nothing_went_elsewhere(&work);
    }
}

#[test]
fn a_configuration_is_not_written_where_another_user_points() {
    if !Neighbour::can_be_played() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    fs::create_dir(work.path("precious")).unwrap();
    fs::create_dir(work.home().join(".config")).unwrap();
    let link = work.home().join(".config/iexec-hsm");
    symlink(work.path("precious"), &link).unwrap();
    Neighbour::owns(&link);
    let args = [
        "setup",
        "--no-input",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    let run = work.cmd(args).pin().run();
    assert_ne!(run.code, Some(0), "{}", run.err());
    assert!(run.err().contains("another user"), "{}", run.err());
    assert_eq!(fs::read_dir(work.path("precious")).unwrap().count(), 0);
}
