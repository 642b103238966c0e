//! `task pull` into a folder that another user can write to: what they put there is neither taken in nor written to, and
//! they lead no result elsewhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::chain::pull::{World, told};
use crate::support::neighbour::Neighbour;
use crate::support::*;

/// As often as each race is run.
const ROUNDS: usize = 6;

/// Swaps what waits, and each result, as fast as it goes: for a link, and for a folder of their own.
const SWAP: &str = "shared, precious = sys.argv[1:]
os.chdir(shared)
n = 0
while True:
    for name in attempt(os.listdir) or []:
        if name.startswith('.iexec-hsm-') and name.endswith('.part') or name.startswith('0x'):
            n += 1
            if attempt(os.rename, name, 'moved-%d' % n) is not None: continue
            if n % 2: attempt(os.symlink, precious, name)
            else: attempt(os.mkdir, name, 0o777)
";

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A chain, where somebody can play the neighbour.
fn world() -> Option<World> {
    Neighbour::can_be_played().then(World::new)?
}

/// A folder to work in, with one of the neighbour's, to which everybody may write.
fn shared(world: &World) -> Work<'_> {
    let work = world.keyed.work();
    open_to_all(&work.path("shared"));
    work
}

fn open_to_all(folder: &Path) {
    fs::create_dir(folder).unwrap();
    mode(folder, 0o777);
    Neighbour::owns(folder);
}

/// A pull into it, which has a program take in what comes.
fn pull(world: &World, work: &Work<'_>, end: &str) -> Cmd {
    let log = work.path("log");
    let text = format!(
        "#!/bin/sh\ncat \"$IEXEC_RESULT_DIR/result.txt\" >>'{}'\n{end}\n",
        log.display()
    );
    let program = work.write("take-in", text);
    mode(&program, 0o700);
    let args = ["--output-dir", "shared", "--raw", "--exec"];
    world.pull(work, &args).arg(program).pin()
}

/// What the program has taken in.
fn taken(work: &Work<'_>) -> String {
    fs::read_to_string(work.path("log")).unwrap_or_default()
}

#[test]
fn a_result_that_another_user_made_is_not_taken_in() {
    let Some(world) = world() else { return };
    let work = shared(&world);
    let tasks: Vec<_> = world.tasks(2).into_keys().collect();
    let place = work.path("shared").join(&tasks[0]);
    for folder_mode in [0o777, 0o1777] {
        mode(&work.path("shared"), folder_mode);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("result.txt"), "forged").unwrap();
        Neighbour::owns(&place);
        Neighbour::owns(&place.join("result.txt"));
        let run = pull(&world, &work, "").run().fails(22);
        assert!(
            run.err().contains("others may have put it there"),
            "{}",
            run.err()
        );
        let (_, summary) = told(&run);
        assert_eq!(summary["failed"], serde_json::json!({"22": 1}));
        let taken = taken(&work);
        assert!(!taken.contains("forged"), "{taken}");
        assert!(taken.contains("result "), "the other one is: {taken}");
    }
    // It is pulled once it can be.
    fs::remove_dir_all(&place).unwrap();
    pull(&world, &work, "").run().ok();
    assert_eq!(taken(&work).matches("result ").count(), 2);
    let run = world.pull(&work, &["--output-dir", "shared"]).run().ok();
    assert!(
        run.err().contains("others may change the result"),
        "{}",
        run.err()
    );
}

#[test]
fn a_result_of_another_task_is_not_taken_in_for_this_one() {
    let Some(world) = world() else { return };
    let work = shared(&world);
    let first = world.tasks(1).into_keys().next().unwrap();
    // It is in its place, and its program has failed.
    pull(&world, &work, "exit 1").run().fails(1);
    let second = world.tasks(2).into_keys().find(|it| *it != first).unwrap();
    let [there, elsewhere] = [&first, &second].map(|it| work.path("shared").join(it));
    fs::rename(&there, &elsewhere).unwrap();
    fs::remove_file(work.path("log")).unwrap();
    let run = pull(&world, &work, "").run().fails(22);
    assert!(run.err().contains(&*second), "{}", run.err());
    // What was put there by the last run itself is taken in.
    fs::remove_dir_all(&elsewhere).unwrap();
    pull(&world, &work, "exit 1").run().fails(1);
    fs::remove_file(work.path("log")).unwrap();
    let asked = world.gateway.requests().len();
    pull(&world, &work, "").run().ok();
    assert!(taken(&work).contains("result "), "{}", taken(&work));
    assert_eq!(world.gateway.requests().len(), asked);
}

#[test]
fn the_record_is_no_file_that_another_user_has_named() {
    let Some(world) = world() else { return };
    let work = shared(&world);
    world.tasks(1);
    let mine = work.write("mine", "mine, without an end of line");
    mode(&mine, 0o600);
    let record = work.path("shared/.iexec-hsm-pulled.jsonl");
    for (what, make) in [
        ("link", &|| symlink(&mine, &record).unwrap()),
        ("hard link", &|| fs::hard_link(&mine, &record).unwrap()),
        ("theirs", &|| {
            fs::write(&record, "").unwrap();
            Neighbour::owns(&record);
        }),
        ("for all to write", &|| {
            fs::write(&record, "").unwrap();
            mode(&record, 0o666);
        }),
        ("folder", &|| fs::create_dir(&record).unwrap()),
        ("pipe", &|| {
            let made = Command::new("mkfifo").arg(&record).status();
            assert!(made.unwrap().success());
        }),
    ] as [(&str, &dyn Fn()); 6]
    {
        make();
        let cmd = pull(&world, &work, "").under(["timeout", "30"]);
        let run = cmd.run().fails(23);
        assert!(run.err().contains("the record of"), "{what}: {}", run.err());
        assert_eq!(fs::read(&mine).unwrap(), b"mine, without an end of line");
        let removed = fs::remove_file(&record).or_else(|_| fs::remove_dir(&record));
        removed.unwrap();
    }
    assert!(world.gateway.requests().is_empty(), "nothing was pulled");
}

#[test]
fn what_looks_temporary_and_is_not_stays() {
    let Some(world) = world() else { return };
    let work = shared(&world);
    world.tasks(1);
    let mine = work.write("precious/mine", "mine");
    let planted = |digit: &str| {
        let name = format!(".iexec-hsm-{}.part", digit.repeat(16));
        work.path("shared").join(name)
    };
    symlink(work.path("precious"), planted("a")).unwrap();
    Neighbour::owns(&planted("a"));
    // One of ours that another user has given this name.
    fs::create_dir(planted("b")).unwrap();
    mode(&planted("b"), 0o700);
    fs::write(planted("b").join("result.txt"), "mine").unwrap();
    pull(&world, &work, "").run().ok();
    assert_eq!(fs::read(mine).unwrap(), b"mine");
    assert_eq!(fs::read(planted("b").join("result.txt")).unwrap(), b"mine");
}

#[test]
fn folders_that_are_swapped_while_results_come_lead_none_elsewhere() {
    let Some(world) = world() else { return };
    let work = shared(&world);
    fs::create_dir(work.path("precious")).unwrap();
    mode(&work.path("precious"), 0o700);
    world.tasks(3);
    let (shared, precious) = (work.path("shared"), work.path("precious"));
    for _ in 0..ROUNDS {
        let Some(swapping) = Neighbour::start(&work, SWAP, &[&shared, &precious]) else {
            return;
        };
        let run = pull(&world, &work, "").run();
        drop(swapping);
        // 1 where the program finds the result gone.
        assert!(matches!(run.code, Some(0 | 1 | 22 | 23)), "{:?}", run.code);
        assert_eq!(fs::read_dir(&precious).unwrap().count(), 0);
        let taken = taken(&work);
        let lines = taken.matches("result ").count();
        assert_eq!(taken.len(), lines * "result 0".len(), "{taken}");
        // Nothing of ours is in a folder of theirs.
        for (path, node) in tree(&shared) {
            let above = shared.join(&path);
            let above = above.parent().unwrap();
            let is_theirs = above != shared && is_of_neighbour(above);
            assert!(!is_theirs, "{} {node:?}", path.display());
        }
    }
    // Where nobody swaps, all of them come.
    fs::remove_dir_all(&shared).unwrap();
    open_to_all(&shared);
    fs::write(work.path("log"), "").unwrap();
    pull(&world, &work, "").run().ok();
    assert_eq!(taken(&work).matches("result ").count(), 3);
}

fn is_of_neighbour(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(path);
    found.is_ok_and(|it| it.uid() == crate::support::neighbour::NEIGHBOUR)
}
