#![allow(clippy::unwrap_used)]

use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

/// An archive, and a folder for results.
fn furnished() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let archive = folder.path().join("a.zip");
    fs::write(&archive, "bad").unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    (folder, archive)
}

fn read(folder: &TempDir, question: &str) -> (FailedBefore, Option<String>) {
    let mut said = None;
    let out = folder.path().join("out");
    let failed = FailedBefore::read(&out, question.into(), |_, why| said = Some(why.to_string()));
    (failed, said)
}

fn noted(folder: &TempDir, archive: &Path) {
    let mut failed = read(folder, "one").0;
    failed.note(archive, Identity::of(archive), Code::CannotDecrypt);
    assert!(failed.is_changed());
    failed.save(&Temporaries::default()).unwrap();
    assert!(!failed.is_changed());
}

#[test]
fn an_archive_is_known_until_it_or_the_question_is_another() {
    let (folder, archive) = furnished();
    noted(&folder, &archive);
    assert_eq!(
        read(&folder, "one").0.find(&archive),
        Some(Code::CannotDecrypt)
    );
    assert_eq!(read(&folder, "two").0.find(&archive), None);

    // As long, and as old as it was: what cannot be set by hand has changed.
    let old = fs::metadata(&archive).unwrap().modified().unwrap();
    fs::write(&archive, "wow").unwrap();
    fs::File::open(&archive).unwrap().set_modified(old).unwrap();
    assert_eq!(read(&folder, "one").0.find(&archive), None);
}

#[test]
fn one_that_changed_while_it_was_tried_is_not_known() {
    let (folder, archive) = furnished();
    let mut failed = read(&folder, "one").0;
    let before = Identity::of(&archive);
    fs::write(&archive, "longer").unwrap();
    failed.note(&archive, before, Code::NotAnArchive);
    assert_eq!(failed.find(&archive), None);
    assert!(!failed.is_changed());
}

#[test]
fn one_that_opened_or_is_gone_is_forgotten() {
    let (folder, archive) = furnished();
    noted(&folder, &archive);
    let mut failed = read(&folder, "one").0;
    failed.forget(&archive);
    assert!(failed.is_changed());
    failed.save(&Temporaries::default()).unwrap();
    assert_eq!(read(&folder, "one").0.find(&archive), None);

    noted(&folder, &archive);
    fs::remove_file(&archive).unwrap();
    assert!(read(&folder, "one").0.failed.is_empty());
}

#[test]
fn what_another_user_may_have_written_is_not_read_and_a_link_is_not_replaced() {
    let (folder, archive) = furnished();
    let record = folder.path().join("out").join(NAME);
    let elsewhere = folder.path().join("elsewhere");
    noted(&folder, &archive);

    fs::set_permissions(&record, fs::Permissions::from_mode(0o622)).unwrap();
    let (failed, said) = read(&folder, "one");
    assert_eq!(failed.find(&archive), None);
    assert_eq!(said.unwrap(), "other users can write to it");

    fs::set_permissions(&record, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&record, &elsewhere).unwrap();
    let content = fs::read(&elsewhere).unwrap();
    symlink(&elsewhere, &record).unwrap();
    let (failed, said) = read(&folder, "one");
    assert_eq!(failed.find(&archive), None);
    assert!(said.is_some());
    let mut failed = read(&folder, "one").0;
    failed.note(&archive, Identity::of(&archive), Code::CannotDecrypt);
    failed.save(&Temporaries::default()).unwrap_err();
    assert!(fs::symlink_metadata(&record).unwrap().is_symlink());
    assert_eq!(fs::read(&elsewhere).unwrap(), content);

    fs::remove_file(&record).unwrap();
    // Nobody writes to it: opening it must not wait.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &record,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert_eq!(read(&folder, "one").1.unwrap(), "it is not a regular file");
}

#[test]
fn no_more_than_so_many_are_remembered_and_the_newest_stay() {
    let (folder, archive) = furnished();
    let mut failed = read(&folder, "one").0;
    failed.note(&archive, Identity::of(&archive), Code::TooLarge);
    for number in 0..MOST + 5 {
        let entry = Entry {
            file: Identity::of(&archive).unwrap(),
            question: "one".into(),
            code: Code::CannotDecrypt,
            tried: number as u64,
        };
        failed.failed.insert(format!("{number}"), entry);
    }
    failed.save(&Temporaries::default()).unwrap();
    assert_eq!(failed.failed.len(), MOST);
    assert_eq!(failed.find(&archive), Some(Code::TooLarge));
    assert!(failed.failed.contains_key(&format!("{}", MOST + 4)));
}

#[test]
fn folders_files_in_them_and_pipes_have_no_identity() {
    let (folder, archive) = furnished();
    let body = folder.path().join("iexec_out.zip.aes");
    fs::write(&body, "x").unwrap();
    for other in [folder.path(), &body, Path::new("-"), Path::new("/dev/null")] {
        assert!(Identity::of(other).is_none(), "{}", other.display());
    }
    assert!(Identity::of(&archive).is_some());
}
