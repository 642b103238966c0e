#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Barrier;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn folder_in(temporaries: &Temporaries, path: &Path) -> TemporaryDir {
    let folder = Arc::new(named::open(path).unwrap());
    temporaries.folder(path, &folder).unwrap()
}

fn path_of(entry: &Entry, folder: &Path) -> PathBuf {
    folder.join(&entry.left.name)
}

#[test]
fn a_file_has_its_name_only_when_published() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("result");
    let mut pending = temporaries.file(&target).unwrap();
    pending.file().write_all(b"new").unwrap();
    assert!(!target.exists());
    assert_eq!(mode(&path_of(&pending.entry, folder.path())), 0o600);
    pending.publish(false).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["result"]);
    assert!(temporaries.lock().is_empty());
}

#[test]
fn what_stands_there_is_replaced_only_by_force() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("result");
    fs::write(&target, "old").unwrap();
    let pending = || temporaries.file(&target).unwrap();
    let error = pending().publish(false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["result"]);
    pending().publish(true).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"");
    assert_eq!(names(folder.path()), ["result"]);
}

#[test]
fn what_is_no_file_is_never_replaced() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "old").unwrap();
    fs::create_dir(path("folder")).unwrap();
    symlink("file", path("link")).unwrap();
    symlink("/dev/null", path("device")).unwrap();
    drop(std::os::unix::net::UnixListener::bind(path("socket")).unwrap());
    let before = names(folder.path());
    for name in ["folder", "link", "device", "socket"] {
        for force in [false, true] {
            let pending = temporaries.file(&path(name)).unwrap();
            pending.publish(force).unwrap_err();
        }
        let found = fs::symlink_metadata(path(name)).unwrap();
        assert!(!found.is_file(), "{name}");
    }
    assert_eq!(names(folder.path()), before);
    assert_eq!(fs::read(path("file")).unwrap(), b"old");
}

#[test]
fn what_is_dropped_is_gone_with_all_that_is_in_it() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let file = temporaries.file(&folder.path().join("result")).unwrap();
    let dir = folder_in(&temporaries, folder.path());
    let path = path_of(&dir._entry, folder.path());
    assert_eq!(mode(&path), 0o700);
    fs::create_dir(path.join("sub")).unwrap();
    fs::write(path.join("sub/file"), "x").unwrap();
    assert_eq!(temporaries.lock().len(), 2);
    drop((file, dir));
    assert_eq!(temporaries.lock().len(), 0);
    assert_eq!(names(folder.path()).len(), 0);
}

#[test]
fn strays_are_removed_and_nothing_else() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path(".iexec-hsm-stray.part"), "x").unwrap();
    fs::create_dir(path(".iexec-hsm-empty.part")).unwrap();
    for kept in ["folder", "shared", "renamed"] {
        let stray = path(&format!(".iexec-hsm-{kept}.part"));
        fs::create_dir_all(stray.join("sub")).unwrap();
        fs::write(stray.join("sub/file"), "x").unwrap();
        fs::write(stray.join(MARK), "").unwrap();
        fs::set_permissions(&stray, fs::Permissions::from_mode(0o700)).unwrap();
    }
    // One that another user could have filled, and one that was something else under another name.
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(path(".iexec-hsm-shared.part"), open).unwrap();
    fs::remove_file(path(".iexec-hsm-renamed.part").join(MARK)).unwrap();
    fs::write(path(".iexec-hsm-other"), "x").unwrap();
    fs::write(path("iexec-hsm-.part"), "x").unwrap();
    let target = path("result");
    symlink(&target, path(".iexec-hsm-link.part")).unwrap();
    fs::write(path(".iexec-hsm-locked.part"), "x").unwrap();
    // A lock belongs to an open file, not to a process: this one is as good as another's.
    let other = File::open(path(".iexec-hsm-locked.part")).unwrap();
    other.lock().unwrap();

    let pending = temporaries.file(&target).unwrap();
    let own = pending.entry.left.name.to_str().unwrap();
    let mut left = [
        ".iexec-hsm-link.part",
        ".iexec-hsm-locked.part",
        ".iexec-hsm-other",
        ".iexec-hsm-renamed.part",
        ".iexec-hsm-shared.part",
        "iexec-hsm-.part",
        own,
    ];
    left.sort_unstable();
    assert_eq!(names(folder.path()), left);
    for kept in ["shared", "renamed"] {
        assert!(path(&format!(".iexec-hsm-{kept}.part/sub/file")).exists());
    }

    let dir = folder_in(&temporaries, folder.path());
    let own = path_of(&pending.entry, folder.path());
    assert!(own.exists(), "one of this process was removed");
    drop((pending, dir));
}

#[test]
fn a_folder_is_swept_once() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    drop(folder_in(&temporaries, folder.path()));
    let stray = folder.path().join(".iexec-hsm-stray.part");
    fs::write(&stray, "x").unwrap();
    drop(folder_in(&temporaries, folder.path()));
    assert!(stray.exists());
}

#[test]
fn a_stray_link_is_not_followed() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("precious")).unwrap();
    fs::write(path("precious/file"), "x").unwrap();
    symlink(path("precious"), path(".iexec-hsm-link.part")).unwrap();
    drop(folder_in(&temporaries, folder.path()));
    assert!(path("precious/file").exists());
}

#[test]
fn what_was_put_in_the_place_of_a_temporary_folder_stays() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for discard in [false, true] {
        fs::create_dir_all(path("precious")).unwrap();
        fs::write(path("precious/file"), "x").unwrap();
        let dir = folder_in(&temporaries, folder.path());
        let place = path_of(&dir._entry, folder.path());
        fs::write(place.join("secret"), "x").unwrap();
        fs::rename(&place, path("moved")).unwrap();
        fs::rename(path("precious"), &place).unwrap();
        if discard {
            temporaries.discard();
            std::mem::forget(dir);
        } else {
            drop(dir);
        }
        assert!(place.join("file").exists());
        assert_eq!(names(&path("moved")).len(), 0);
        fs::remove_dir_all(&place).unwrap();
        fs::remove_dir(path("moved")).unwrap();
    }
}

#[test]
fn what_is_published_for_too_long_does_not_keep_an_end_waiting() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let pending = temporaries.file(&folder.path().join("result")).unwrap();
    temporaries.publishing(|| temporaries.clone().discard());
    // It was left to the next process.
    assert!(path_of(&pending.entry, folder.path()).exists());
}

#[test]
fn a_folder_goes_while_a_thread_still_writes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..50 {
        let temporaries = Temporaries::default();
        let pending = folder_in(&temporaries, folder.path());
        let (dir, ready) = (pending.dir(), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut numbers = 0..100_000;
                while let Some(number) = numbers.next()
                    && dir.create(format!("{number}").as_ref()).is_ok()
                {
                    if number == 10 {
                        ready.wait();
                    }
                }
            });
            ready.wait();
            // As on a signal.
            temporaries.discard();
            assert_eq!(names(folder.path()), [""; 0]);
        });
        std::mem::forget((pending, temporaries));
    }
}

#[test]
fn what_cannot_be_emptied_is_left_with_its_mark() {
    let (temporaries, folder) = (Temporaries::default(), tempfile::tempdir().unwrap());
    let pending = folder_in(&temporaries, folder.path());
    pending.dir().create("x".as_ref()).unwrap();
    let past = Instant::now().checked_sub(Duration::from_secs(1));
    pending._entry.left.remove(past);
    let left = path_of(&pending._entry, folder.path());
    assert!(names(&left).contains(&MARK.to_owned()));
}

#[test]
fn what_is_complete_goes_to_its_place_unless_its_removal_had_begun() {
    for began in [false, true] {
        let (temporaries, folder) = (Temporaries::default(), tempfile::tempdir().unwrap());
        let pending = folder_in(&temporaries, folder.path());
        pending.dir().create("x".as_ref()).unwrap();
        pending.note_complete().unwrap();
        if began {
            let past = Instant::now().checked_sub(Duration::from_secs(1));
            pending._entry.left.remove(past);
        }
        // As after a kill.
        let TemporaryDir { _entry, _lock, .. } = pending;
        drop(_lock);
        std::mem::forget(_entry);
        Temporaries::default().sweep(folder.path());
        let expected: &[&str] = if began { &[] } else { &["x"] };
        assert_eq!(names(folder.path()), expected);
    }
}

#[test]
fn threads_do_not_take_each_others_for_strays() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (start, folder, temporaries) = (&start, folder.path(), &temporaries);
            scope.spawn(move || {
                start.wait();
                for round in 0..50 {
                    let target = folder.join(format!("{thread}-{round}"));
                    let mut file = temporaries.file(&target).unwrap();
                    let dir = folder_in(temporaries, folder);
                    file.file().write_all(b"whole").unwrap();
                    dir.dir().create("file".as_ref()).unwrap();
                    file.publish(false).unwrap();
                    assert_eq!(fs::read(target).unwrap(), b"whole");
                }
            });
        }
    });
    assert_eq!(names(folder.path()).len(), 100);
}

#[test]
fn a_folder_that_waited_is_removed_whole_and_another_can_wait_under_its_name() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let waiting = folder_in(&temporaries, folder.path());
    let name = OsStr::new("one");
    waiting.remove(name).unwrap();
    for _ in 0..2 {
        assert!(waiting.dir().make(name.as_ref()).unwrap());
        let one = waiting.dir().child(name).unwrap();
        one.made_below(Path::new("a/b")).unwrap();
        one.create(Path::new("a/b/it")).unwrap();
        waiting.remove(name).unwrap();
        assert!(waiting.dir().find(name).unwrap().is_none());
    }
    drop(waiting);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}
