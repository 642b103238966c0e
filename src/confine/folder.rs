use std::os::fd::AsFd;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
};

/// The first version that lets files be moved from one folder to another (Linux 5.19).
const LEAST: ABI = ABI::V2;

/// The last version whose rights were looked at.
const MOST: ABI = ABI::V5;

/// Every right to a file or folder.
pub(super) fn every_right() -> BitFlags<AccessFs> {
    AccessFs::from_all(MOST)
}

/// Whether this kernel has Landlock, and a version that is of use.
#[cfg(feature = "agent-server")]
pub(super) fn is_known() -> bool {
    nothing(every_right()).is_ok()
}

/// A ruleset that allows none of these rights yet.
pub(super) fn nothing(rights: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    handling(rights)?.create()
}

fn handling(rights: BitFlags<AccessFs>) -> Result<Ruleset, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(rights & AccessFs::from_all(LEAST))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(rights)
}

/// Keeps this thread, and those that it starts, from every file and folder, from running programs and from TCP. Returns
/// whether this is so from now on.
#[cfg(feature = "agent-server")]
pub(super) fn nowhere() -> bool {
    let restrict = |ruleset: Ruleset| {
        let ruleset = ruleset.handle_access(AccessNet::from_all(MOST))?.create()?;
        ruleset.restrict_self()
    };
    handling(every_right()).and_then(restrict).is_ok()
}

/// Keeps this thread, and those that it starts, from every file and folder but those below `folder`, from running
/// programs and from TCP. What is open stays open. Returns whether this is so from now on: not where the kernel has no
/// Landlock, or one that is too old.
pub(crate) fn only_below(folder: impl AsFd) -> bool {
    let restrict = |ruleset: Ruleset| {
        let ruleset = ruleset.handle_access(AccessNet::from_all(MOST))?.create()?;
        let rights = every_right() & !AccessFs::Execute;
        let ruleset = ruleset.add_rule(PathBeneath::new(folder, rights))?;
        ruleset.restrict_self()
    };
    handling(every_right()).and_then(restrict).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::path::Path;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// What `work` returns on a thread that is confined to `folder`; nothing where this kernel cannot.
    fn confined<T: Send>(folder: &Path, work: impl FnOnce() -> T + Send) -> Option<T> {
        let folder = File::open(folder).unwrap();
        let confine = move || only_below(&folder).then(work);
        let done = thread::scope(|scope| scope.spawn(confine).join().unwrap());
        if done.is_none() {
            eprintln!("skipped: this kernel has no Landlock, or an old one");
        }
        done
    }

    #[test]
    fn a_thread_reaches_what_is_below_its_folder_and_nothing_else() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret = outside.path().join("secret");
        fs::write(&secret, "secret").unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        let (below, link) = (inside.path().join("a/b"), inside.path().join("link"));
        let work = || {
            fs::create_dir_all(&below).unwrap();
            fs::write(below.join("file"), "x").unwrap();
            fs::rename(below.join("file"), inside.path().join("moved")).unwrap();
            assert_eq!(fs::read(inside.path().join("moved")).unwrap(), b"x");
            let kinds = [
                fs::write(outside.path().join("new"), "x").map_err(|it| it.kind()),
                fs::write(link.join("new"), "x").map_err(|it| it.kind()),
                fs::read(&secret).map(drop).map_err(|it| it.kind()),
                fs::remove_file(&secret).map_err(|it| it.kind()),
                fs::create_dir(outside.path().join("dir")).map_err(|it| it.kind()),
                Command::new("/bin/true")
                    .spawn()
                    .map(drop)
                    .map_err(|it| it.kind()),
            ];
            assert_eq!(kinds, [Err(ErrorKind::PermissionDenied); 6]);
            // A link of a file that is reached is none out of it.
            let linked = fs::hard_link(inside.path().join("moved"), outside.path().join("moved"));
            assert!(linked.is_err());
            // A thread of its own is in there, too.
            thread::scope(|scope| {
                scope
                    .spawn(|| fs::read(&secret))
                    .join()
                    .unwrap()
                    .unwrap_err()
            });
        };
        if confined(inside.path(), work).is_none() {
            return;
        }
        // Other threads are not.
        assert_eq!(fs::read(&secret).unwrap(), b"secret");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_open_leads_no_further_than_the_folder() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let dir = crate::file::named::open(outside.path()).unwrap();
        let made = confined(inside.path(), || dir.create("new".as_ref()).map(drop));
        if let Some(made) = made {
            assert_eq!(made.unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
    }

    #[test]
    fn a_thread_opens_no_port() {
        let inside = tempfile::tempdir().unwrap();
        let bound = confined(inside.path(), || TcpListener::bind("127.0.0.1:0").map(drop));
        // An older Landlock knows nothing of TCP.
        if let Some(Err(error)) = bound {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        }
    }
}
