//! Files that name code, in the hands of other users: the configuration is not used, of a PIN file is warned.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use crate::support::*;

const NOBODY: u32 = 65534;

/// The configuration of the usual place, with the folders above it.
fn configure(work: &Work<'_>) -> PathBuf {
    let folder = work.home().join(".config/iexec-hsm");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    fs::write(&file, "module = \"/nowhere/evil.so\"\n").unwrap();
    file
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_configuration_that_others_can_change_names_no_module() {
    let work = Work::without_token();
    let file = configure(&work);
    let list = || work.cmd(["token", "list"]).run();
    // The module in it is looked for.
    list().fails(10);
    let above: Vec<_> = file.ancestors().take(4).collect();
    assert_eq!(above[3], work.home());
    for place in above {
        let mode = fs::metadata(place).unwrap().permissions().mode() & 0o777;
        set(place, mode | 0o002);
        let run = list().fails(2);
        let place_quoted = place.display().to_string();
        for words in [
            "is not used, as it can name code",
            &place_quoted,
            "chmod go-w",
        ] {
            assert!(run.err().contains(words), "{words}: {}", run.err());
        }
        let doctor = work.cmd(["doctor", "--offline"]).run();
        let shown = [doctor.out(), doctor.err()].concat();
        assert!(shown.contains("can name code"), "{shown}");
        set(place, mode);
    }
    // In a folder like /tmp everybody removes only what is theirs.
    set(file.parent().unwrap(), 0o1777);
    list().fails(10);
}

#[test]
fn a_configuration_of_another_user_names_no_module_for_root() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let work = Work::without_token();
    let file = configure(&work);
    let list = || work.cmd(["token", "list"]).run();
    // That of the file is enough, and that of a folder, as in the home of somebody else.
    for place in [file.as_path(), file.parent().unwrap(), &work.home()] {
        chown(place, Some(NOBODY), None).unwrap();
        let run = list().fails(2);
        assert!(
            run.err().contains("belongs to another user"),
            "{}",
            run.err()
        );
        chown(place, Some(0), None).unwrap();
    }
    // A group that is not this user's alone.
    chown(&file, None, Some(NOBODY)).unwrap();
    set(&file, 0o664);
    assert!(list().fails(2).err().contains("other users can write to"));
}

#[test]
fn a_pin_file_that_others_can_change_is_warned_of() {
    let token = Token::new();
    let work = Work::new(&token);
    let pin_file = work.write("pin", format!("{}\n", token.pin));
    let warns = || {
        let run = work.cmd(["key", "list", "--pin-file", "pin"]).run().ok();
        run.err()
            .contains("warning: the PIN file may be changed by others")
    };
    set(&pin_file, 0o600);
    assert!(!warns());
    set(&pin_file, 0o622);
    assert!(warns());
}

#[test]
fn the_doctor_looks_at_the_units_and_the_pin_that_they_name() {
    let work = Work::without_token();
    let folder = work.home().join(".config/systemd/user");
    fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("iexec-hsm-agent.service");
    fs::copy("docs/systemd/iexec-hsm-agent.service", &unit).unwrap();
    let state = || {
        let run = work.cmd(["doctor", "--offline", "--raw"]).run();
        let report: serde_json::Value =
            serde_json::from_str(&[run.out(), run.err()].concat()).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|it| it["name"] == "unit files").unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "ok");
    set(&folder, 0o777);
    assert_eq!(state(), "warning");
}
