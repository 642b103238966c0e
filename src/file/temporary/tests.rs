#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::os::unix::fs::symlink;
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

#[test]
fn a_file_has_its_name_only_when_published() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("result");
    let mut pending = temporaries.file(&target).unwrap();
    pending.file().write_all(b"new").unwrap();
    assert!(!target.exists());
    assert_eq!(mode(pending.path()), 0o600);
    pending.publish(&target, false).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["result"]);
    assert!(
        !temporaries
            .lock()
            .iter()
            .any(|path| path.starts_with(folder.path()))
    );
}

#[test]
fn what_stands_there_is_replaced_only_by_force() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("result");
    fs::write(&target, "old").unwrap();
    let pending = || temporaries.file(&target).unwrap();
    let error = pending().publish(&target, false).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["result"]);
    pending().publish(&target, true).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"");
    assert_eq!(names(folder.path()), ["result"]);
}

#[test]
fn what_is_dropped_is_gone_with_all_that_is_in_it() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let file = temporaries.file(&folder.path().join("result")).unwrap();
    let dir = temporaries.folder(folder.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o700);
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/file"), "x").unwrap();
    let held = [file.path().to_owned(), dir.path().to_owned()];
    assert!(held.iter().all(|path| temporaries.lock().contains(path)));
    drop((file, dir));
    assert!(!held.iter().any(|path| temporaries.lock().contains(path)));
    assert_eq!(names(folder.path()).len(), 0);
}

#[test]
fn strays_are_removed_and_nothing_else() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path(".iexec-hsm-stray.part"), "x").unwrap();
    fs::create_dir_all(path(".iexec-hsm-folder.part/sub")).unwrap();
    fs::write(path(".iexec-hsm-folder.part/sub/file"), "x").unwrap();
    fs::write(path(".iexec-hsm-other"), "x").unwrap();
    fs::write(path("iexec-hsm-.part"), "x").unwrap();
    let target = path("result");
    symlink(&target, path(".iexec-hsm-link.part")).unwrap();
    fs::write(path(".iexec-hsm-locked.part"), "x").unwrap();
    // A lock belongs to an open file, not to a process: this one is as good as another's.
    let other = File::open(path(".iexec-hsm-locked.part")).unwrap();
    other.lock().unwrap();

    let pending = temporaries.file(&target).unwrap();
    let own = pending.path().file_name().unwrap().to_str().unwrap();
    let mut left = [
        ".iexec-hsm-link.part",
        ".iexec-hsm-locked.part",
        ".iexec-hsm-other",
        "iexec-hsm-.part",
        own,
    ];
    left.sort_unstable();
    assert_eq!(names(folder.path()), left);

    let dir = temporaries.folder(folder.path()).unwrap();
    assert!(pending.path().exists(), "one of this process was removed");
    drop((pending, dir));
}

#[test]
fn a_folder_is_swept_once() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    drop(temporaries.folder(folder.path()).unwrap());
    let stray = folder.path().join(".iexec-hsm-stray.part");
    fs::write(&stray, "x").unwrap();
    drop(temporaries.folder(folder.path()).unwrap());
    assert!(stray.exists());
}

#[test]
fn a_stray_link_is_removed_and_not_what_it_leads_to() {
    let temporaries = Temporaries::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("precious")).unwrap();
    fs::write(path("precious/file"), "x").unwrap();
    symlink(path("precious"), path(".iexec-hsm-link.part")).unwrap();
    drop(temporaries.folder(folder.path()).unwrap());
    assert!(path("precious/file").exists());
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
                    let dir = temporaries.folder(folder).unwrap();
                    file.file().write_all(b"whole").unwrap();
                    fs::write(dir.path().join("file"), "x").unwrap();
                    file.publish(&target, false).unwrap();
                    assert_eq!(fs::read(target).unwrap(), b"whole");
                }
            });
        }
    });
    assert_eq!(names(folder.path()).len(), 100);
}

#[test]
fn a_bare_name_is_in_the_working_directory() {
    assert_eq!(folder_of(Path::new("key")), Path::new("."));
    assert_eq!(folder_of(Path::new("a/key")), Path::new("a"));
    assert_eq!(folder_of(Path::new("/")), Path::new("."));
}
