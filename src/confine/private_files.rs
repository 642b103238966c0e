use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    AccessFs, PathBeneath, PathFd, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
};

use super::folder::{every_right, nothing};

/// What is in a home and no module's business: keys for other places, and what is run when somebody logs in.
const PRIVATE: &[&str] = &[
    ".aws",
    ".azure",
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".config/autostart",
    ".config/environment.d",
    ".config/fish",
    ".config/gcloud",
    ".config/gh",
    ".config/git",
    ".config/iexec-hsm",
    ".config/systemd",
    ".docker",
    ".ethereum",
    ".git-credentials",
    ".gitconfig",
    ".gnupg",
    ".kube",
    ".local/bin",
    ".local/share/keyrings",
    ".local/share/systemd",
    ".netrc",
    ".password-store",
    ".pgpass",
    ".profile",
    ".ssh",
    ".xinitrc",
    ".xprofile",
    ".xsession",
    ".zlogin",
    ".zlogout",
    ".zprofile",
    ".zshenv",
    ".zshrc",
];

/// Entries of folders that are named to the kernel, at most: each takes a little of its memory.
const MOST: usize = 4096;

/// Keeps this thread, and those that it starts, from what is private in `home`. All else stays as it is, but that nothing
/// new is made right in the home and in the folders above what is private. Returns whether that is so from now on.
pub(super) fn keep_from(home: &Path) -> bool {
    let Ok(home) = home.canonicalize() else {
        return false;
    };
    // A service without a home of its own.
    if home == Path::new("/") {
        return false;
    }
    let private = PRIVATE.iter().map(|name| home.join(name)).collect();
    let Some(open) = all_but(private) else {
        return false;
    };
    let rights = every_right() & !AccessFs::Execute;
    let restrict = |ruleset: RulesetCreated| -> Result<_, RulesetError> {
        // One that went meanwhile, or that this user cannot reach, needs no rule.
        let open = open.iter().filter_map(|path| PathFd::new(path).ok());
        let rules = open.map(|it| Ok::<_, RulesetError>(PathBeneath::new(it, rights)));
        // To look up names, which takes nothing from who cannot read what they stand for.
        let names = PathFd::new("/").map(|it| PathBeneath::new(it, AccessFs::ReadDir));
        let ruleset = ruleset.add_rules(rules)?;
        let ruleset = match names {
            Ok(names) => ruleset.add_rule(names)?,
            Err(_) => ruleset,
        };
        ruleset.restrict_self()
    };
    nothing(rights).and_then(restrict).is_ok()
}

/// The fewest paths that have everything below them but `private`: all siblings on the way there. None where these are
/// too many.
fn all_but(private: Vec<PathBuf>) -> Option<Vec<PathBuf>> {
    let mut open = Vec::new();
    let mut ways = vec![PathBuf::from("/")];
    while let Some(way) = ways.pop() {
        // What cannot be listed cannot be opened by its siblings; the way to the home goes on.
        let listed = fs::read_dir(&way).into_iter().flatten().flatten();
        for entry in listed {
            let path = entry.path();
            let is_way = private.iter().any(|it| it.starts_with(&path));
            let kind = entry.file_type().ok()?;
            // What a link leads to has a path of its own.
            if kind.is_symlink() || private.contains(&path) {
                continue;
            }
            match is_way && kind.is_dir() {
                true => ways.push(path),
                false => open.push(path),
            }
            if open.len() > MOST {
                return None;
            }
        }
    }
    Some(open)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::ErrorKind;
    use std::thread;

    use super::*;

    #[test]
    fn what_is_private_is_out_of_reach_and_all_else_as_before() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        for folder in [".ssh", ".config/softhsm2", ".config/systemd/user", "tokens"] {
            fs::create_dir_all(path(folder)).unwrap();
        }
        for file in [".ssh/id", ".bashrc", ".config/softhsm2/softhsm2.conf"] {
            fs::write(path(file), "x").unwrap();
        }
        let beside = tempfile::tempdir().unwrap();
        let work = || {
            if !keep_from(home.path()) {
                eprintln!("skipped: this kernel has no Landlock, or an old one");
                return;
            }
            let denied = [
                fs::read(path(".ssh/id")).map(drop),
                fs::write(path(".ssh/authorized_keys"), "x"),
                fs::write(path(".bashrc"), "x"),
                fs::write(path(".zshrc"), "x"),
                fs::write(path(".config/systemd/user/x.service"), "x"),
                fs::rename(path("tokens"), path(".ssh/tokens")),
            ];
            let kinds = denied.map(|it| it.map_err(|error| error.kind()));
            assert_eq!(kinds, [Err(ErrorKind::PermissionDenied); 6]);
            fs::read(path(".config/softhsm2/softhsm2.conf")).unwrap();
            for folder in [
                path("tokens"),
                path(".config/softhsm2"),
                beside.path().into(),
            ] {
                fs::write(folder.join("new"), "x").unwrap();
                fs::rename(folder.join("new"), folder.join("moved")).unwrap();
                fs::remove_file(folder.join("moved")).unwrap();
            }
            fs::read("/proc/self/status").unwrap();
            fs::write("/dev/null", "x").unwrap();
            assert!(fs::read_dir(home.path()).unwrap().count() > 0);
        };
        thread::scope(|scope| scope.spawn(work).join().unwrap());
    }

    #[test]
    fn everything_but_what_is_private_is_below_what_is_open() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        for name in ["a", "b/c", "b/d"] {
            fs::create_dir_all(home.join(name)).unwrap();
        }
        let open = all_but(vec![home.join("b/c"), home.join("gone")]).unwrap();
        let is_open = |path: &Path| open.iter().any(|it| path.starts_with(it));
        assert!(is_open(&home.join("a")) && is_open(&home.join("b/d")));
        assert!(!is_open(&home.join("b/c")) && !is_open(&home) && !is_open(Path::new("/")));
        assert!(is_open(Path::new("/usr")) && is_open(Path::new("/dev")));
    }
}
