//! A run that is interrupted or may not write leaves what was there, and nothing else; after one that was killed the
//! next run tidies up.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use crate::support::*;

const LARGE: usize = 24 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

/// An archive that takes a while to open, in a work folder with results from before.
fn furnished(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    let plain = Zip::of([Entry::new("noise", vec![7; LARGE]).stored()]).bytes();
    let sealed = Sealed::current(&keyed.public, &plain);
    let entries = [sealed.body_entry().stored(), sealed.key_entry()];
    work.write("large.zip", Zip::of(entries).bytes());
    put_back(&work);
    work
}

/// The results from before, and no others.
fn put_back(work: &Work<'_>) {
    for name in ["results.zip", "out", "new"] {
        let path = work.path(name);
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
    work.write("results.zip", "old");
    work.write("out/noise", "old");
}

/// Repeats what is to be interrupted for as long as it ends well: on a busy machine a run may be through before its
/// thread for signals gets a processor.
fn until_interrupted<T>(
    work: &Work<'_>,
    run: impl Fn() -> T,
    ended_well: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let outcome = run();
        if !ended_well(&outcome) {
            return outcome;
        }
        assert!(Instant::now() < deadline, "it was never interrupted");
        put_back(work);
    }
}

const TO_FILE: &[&str] = &["result", "decrypt", "large.zip", "--force"];
const TO_FOLDER: &[&str] = &[
    "result",
    "decrypt",
    "large.zip",
    "--force",
    "--extract",
    "out",
];

const TO_NEW_FOLDER: &[&str] = &["result", "decrypt", "large.zip", "-x", "new/folder"];

/// The bytes in a file or below a folder that may vanish meanwhile.
fn size(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|it| size(&it.path())).sum(),
        Err(_) => path.metadata().map_or(0, |it| it.len()),
    }
}

/// Stops a run when it has begun to write. It goes on in small steps and is looked at between them, so that it does not
/// get far. `send` says whether it still runs, and so does this: on a busy machine one may be through between two looks.
#[track_caller]
fn catch(work: &Work, mut send: impl FnMut(Signal) -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while send(Signal::STOP) {
        if wrong_tmp(&work.folder()).iter().any(|path| size(path) > 0) {
            return true;
        }
        send(Signal::CONT);
        assert!(Instant::now() < deadline, "it was not caught writing");
        thread::yield_now();
    }
    false
}

fn caught_writing(work: &Work, args: &[&str]) -> Started {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut started = work.cmd(args).pin().start();
        let send = |signal| {
            let runs = started.runs();
            if runs {
                started.signal(signal);
            }
            runs
        };
        if catch(work, send) {
            return started;
        }
        started.wait().ok();
        assert!(Instant::now() < deadline, "it was never caught writing");
        put_back(work);
    }
}

/// Lets a stopped run go on and meet what was sent to it.
fn ended(started: Started) -> Run {
    started.signal(Signal::CONT);
    started.wait()
}

#[test]
fn a_signal_leaves_the_old_file_and_no_temporary() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    for args in [TO_FILE, TO_FOLDER, TO_NEW_FOLDER] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
            unchanged(&work.folder(), || {
                let interrupt = || {
                    let started = caught_writing(&work, args);
                    started.signal(signal);
                    ended(started)
                };
                let run = until_interrupted(&work, interrupt, |run| run.code == Some(0));
                run.killed_by(signal);
            });
        }
    }
}

#[test]
fn control_c_on_a_terminal_leaves_the_old_file_and_no_temporary() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    unchanged(&work.folder(), || {
        let interrupt = || {
            let mut pty = Pty::spawn(&work.cmd(TO_FILE).pin());
            let caught = catch(&work, |signal| {
                pty.signal(signal);
                true
            });
            assert!(caught);
            // The terminal shows the key once it has sent the signal.
            pty.ctrl_c().expect("^C").signal(Signal::CONT);
            pty.wait().0
        };
        let code = until_interrupted(&work, interrupt, |code| *code == 0);
        assert_eq!(code, 130);
    });
}

#[test]
fn a_signal_while_the_archive_still_comes_through_a_pipe_leaves_nothing() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let fifo = work.home().join("pipe");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let script = format!("exec \"$0\" \"$@\" <{}", fifo.display());
    let half = work.read("large.zip")[..LARGE / 2].to_vec();
    unchanged(&work.folder(), || {
        let args = ["result", "decrypt", "-", "--force"];
        let started = work.cmd(args).pin().under(["bash", "-c", &script]).start();
        let mut writer = File::options().write(true).open(&fifo).unwrap();
        // It has read nearly all of it when this is through, and waits for more.
        std::io::Write::write_all(&mut writer, &half).unwrap();
        started.signal(Signal::TERM);
        started.wait().killed_by(Signal::TERM);
    });
}

#[test]
fn what_a_killed_run_leaves_is_gone_after_the_next() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("small.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    for (args, next) in [
        (TO_FILE, ["--output", "new.zip"]),
        (TO_FOLDER, ["--extract", "out"]),
    ] {
        let started = caught_writing(&work, args);
        started.signal(Signal::KILL);
        assert_eq!(started.wait().signal, Some(9));
        assert_eq!(wrong_tmp(&work.folder()).len(), 1, "the stray one");
        let small = ["result", "decrypt", "small.zip"];
        work.run([&small[..], &next].concat()).ok();
        work.is_tidy();
        assert_eq!(work.read("results.zip"), b"old");
        assert_eq!(work.read("out/noise"), b"old");
    }
}

#[test]
fn a_temporary_of_a_run_that_is_alive_is_not_swept() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("small.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    for args in [TO_FILE, TO_FOLDER] {
        let slow = caught_writing(&work, args);
        let left = wrong_tmp(&work.folder());
        let other = ["result", "decrypt", "small.zip"];
        let place = [
            ["--output", "other.zip", "--force"],
            ["--extract", "out", "--force"],
        ];
        for place in place {
            work.run([other, place].concat()).ok();
        }
        assert_eq!(wrong_tmp(&work.folder()), left);
        ended(slow).ok();
        work.is_tidy();
    }
    assert!(work.read("results.zip").len() > LARGE);
    assert!(work.read("out/noise") == vec![7; LARGE]);
    assert_eq!(work.read("out/a"), b"b");
}

#[test]
fn only_what_is_ours_and_unlocked_is_swept() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    work.write(".iexec-hsm-stray.part", "x");
    let folder = work.write(".iexec-hsm-folder.part/.iexec-hsm-mark.part", "");
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(folder.parent().unwrap(), private).unwrap();
    work.write(".iexec-hsm-folder.part/sub/x", "x");
    for name in [
        ".iexec-hsm-x",
        "iexec-hsm-x.part",
        "other.part",
        "sub/.iexec-hsm-deep.part",
    ] {
        work.write(name, "mine");
    }
    let locked = work.write(".iexec-hsm-locked.part", "mine");
    let locked = File::open(locked).unwrap();
    flock(&locked, FlockOperation::LockExclusive).unwrap();
    // Opened, a pipe would hold the run up for ever.
    let pipe = work.path(".iexec-hsm-pipe.part");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    work.run(["result", "decrypt", "a.zip"]).ok();
    fs::remove_file(&pipe).unwrap();
    let left = [
        ".iexec-hsm-locked.part",
        ".iexec-hsm-x",
        "a.zip",
        "iexec-hsm-x.part",
        "other.part",
        "results.zip",
        "sub/.iexec-hsm-deep.part",
    ];
    assert_eq!(work.files(), left);
}

#[test]
fn a_file_that_may_not_grow_leaves_the_old_one() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    for args in [TO_FILE, TO_FOLDER] {
        let run = unchanged(&work.folder(), || {
            let limited = work.cmd(args).pin().under(["prlimit", "--fsize=1000000"]);
            limited.run()
        });
        assert_eq!(run.code, Some(23), "{:?}: {}", run.signal, run.err());
        assert!(run.err().contains("writing "), "{}", run.err());
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_stays_as_it_is() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let archive = keyed.archive(&plain_zip(&[("a", b"b")]));
    let folder = work.path("read-only");
    work.write("read-only/results.zip", "old");
    work.write("a.zip", archive);
    let lock = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    lock(0o555);
    let Some(nobody) = NotRoot::find(&keyed.token, &work) else {
        lock(0o755);
        return;
    };
    for to in [
        ["--output", "read-only/results.zip"],
        ["--output", "read-only/new.zip"],
        ["--extract", "read-only"],
        ["--extract", "read-only/new"],
        ["--output-dir", "read-only/new"],
    ] {
        let run = unchanged(&folder, || {
            let cmd = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
            cmd.arg(to[0])
                .arg(to[1])
                .under(&nobody.wrapper)
                .run()
                .fails(23)
        });
        assert!(run.err().contains("read-only"), "{}", run.err());
    }
    lock(0o755);
}

/// How to run as somebody whom permissions bind.
struct NotRoot {
    wrapper: Vec<&'static str>,
}

impl NotRoot {
    fn find(token: &Token, work: &Work) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return Some(Self {
                wrapper: vec!["env"],
            });
        }
        // Give it all away: to one who has no rights of root.
        for path in [&*token.folder(), work.folder().parent().unwrap()] {
            let mut give = Command::new("chown");
            give.args(["-R", "65534:65534"]).arg(path);
            assert!(give.status().unwrap().success());
        }
        let wrapper = vec![
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
        let mut probe = Command::new(wrapper[0]);
        probe.args(&wrapper[1..]).arg(program).arg("--version");
        if probe.output().is_ok_and(|it| it.status.success()) {
            return Some(Self { wrapper });
        }
        println!("skipped: nobody but root can run the program where it was built");
        None
    }
}
