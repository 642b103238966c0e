//! Folders that a person named.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{PROC_SUPER_MAGIC, fstatfs};
use thiserror::Error;

use super::dir::Dir;
use super::ownership::is_trusted;
use crate::text::escape::Shown as _;

/// Links on one way, as many as the system follows.
const MOST_LINKS: usize = 40;

/// A link that another user made: where it leads was not meant by whoever named it.
#[derive(Debug, Error)]
#[error("{} is a link of another user (number {owner}), which is not followed", .path.shown())]
pub(crate) struct ForeignLink {
    path: PathBuf,
    owner: u32,
}

/// Opens the folder at `path`. Links on the way are followed where they are this user's or root's.
///
/// # Errors
/// An error of the system; [`ForeignLink`] inside of one.
pub(crate) fn open(path: &Path) -> io::Result<Dir> {
    match reach(path)? {
        (folder, missing) if missing.is_empty() => Ok(folder),
        _ => Err(ErrorKind::NotFound.into()),
    }
}

/// Opens the folder at `path`, through whosoever's links: one that is read from, and named.
///
/// # Errors
/// An error of the system.
pub(crate) fn open_any(path: &Path) -> io::Result<Dir> {
    Dir::working()?.followed(path)
}

/// Opens the folder at `path` with all that is missing of it made, each of mode 0700.
///
/// # Errors
/// As for [`open`].
pub(crate) fn make(path: &Path) -> io::Result<Dir> {
    make_each(path, Dir::make)
}

/// Does so with the modes that the user gives folders.
///
/// # Errors
/// As for [`open`].
pub(crate) fn make_usual(path: &Path) -> io::Result<Dir> {
    make_each(path, Dir::make_usual)
}

fn make_each(path: &Path, make: impl Fn(&Dir, &Path) -> io::Result<bool>) -> io::Result<Dir> {
    let (mut folder, missing) = reach(path)?;
    for name in missing {
        make(&folder, name.as_ref())?;
        folder = folder.child(&name)?;
    }
    Ok(folder)
}

/// Goes along `path` as far as it is there. Returns the last folder, and the names that are missing.
pub(crate) fn reach(path: &Path) -> io::Result<(Dir, Vec<OsString>)> {
    let mut folder = Dir::working()?;
    let mut way: Vec<OsString> = steps(path);
    let mut links = 0;
    while let Some(name) = way.pop() {
        if name == "/" {
            folder = Dir::root()?;
            continue;
        }
        if name == ".." {
            folder = folder.above()?;
            continue;
        }
        match folder.find(&name)? {
            None => {
                way.push(name);
                way.reverse();
                return if way.iter().any(|it| it == ".." || it == "/") {
                    Err(ErrorKind::NotFound.into())
                } else {
                    Ok((folder, way))
                };
            }
            Some(found) if found.is_link() => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(rustix::io::Errno::LOOP.into());
                }
                match follow(&folder, &name)? {
                    Step::To(path) => way.extend(steps(&path)),
                    Step::At(there) => folder = there,
                }
            }
            // Should it have become a link meanwhile, this fails.
            Some(_) => folder = folder.child(&name)?,
        }
    }
    Ok((folder, Vec::new()))
}

/// The names in `path`, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let named = path
        .components()
        .filter(|it| !matches!(it, Component::CurDir));
    named.rev().map(|it| it.as_os_str().to_owned()).collect()
}

enum Step {
    To(PathBuf),
    At(Dir),
}

fn follow(folder: &Dir, name: &OsStr) -> io::Result<Step> {
    // The system's own links, such as /proc/self/cwd, lead where no path may.
    if fstatfs(folder)?.f_type == PROC_SUPER_MAGIC {
        return Ok(Step::At(folder.followed(name.as_ref())?));
    }
    let (link, to) = folder.read_link(name)?;
    let owner = link.owner();
    if !is_trusted(owner) {
        let path = name.into();
        let foreign = ForeignLink { path, owner };
        return Err(io::Error::new(ErrorKind::PermissionDenied, foreign));
    }
    Ok(Step::To(to))
}

/// The folder that `path` is in, which is the working directory for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, lchown, symlink};

    use rustix::process::geteuid;

    use super::*;

    fn inode(dir: &Dir) -> u64 {
        dir.open().unwrap().metadata().unwrap().ino()
    }

    #[test]
    fn it_is_where_the_system_goes_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("a/b")).unwrap();
        symlink("b", path("a/relative")).unwrap();
        symlink(path("a"), path("absolute")).unwrap();
        symlink("../../absolute/relative", path("a/b/both")).unwrap();
        symlink("loop", path("loop")).unwrap();
        for name in [
            "",
            "a",
            "a/b",
            "a/./b",
            "a/b/..",
            "a/relative",
            "a/relative/..",
            "absolute/b",
            "absolute/relative/../relative",
            "a/b/both",
            "a/b/both/both",
        ] {
            let expected = fs::metadata(path(name)).unwrap().ino();
            assert_eq!(inode(&open(&path(name)).unwrap()), expected, "{name}");
        }
        for name in ["none", "a/none/..", "loop", "a/relative/none"] {
            assert!(open(&path(name)).is_err(), "{name}");
        }
        for path in ["/", ".", "..", "", "/proc/self/cwd", "/proc/self/cwd/.."] {
            let there = if path.is_empty() { "." } else { path };
            let expected = fs::metadata(there).unwrap().ino();
            assert_eq!(inode(&open(Path::new(path)).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn what_is_missing_is_told_or_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("later", path("link")).unwrap();
        let (_, missing) = reach(&path("x/./y")).unwrap();
        assert_eq!(missing, ["x", "y"]);
        assert!(reach(&path("x/../y")).is_err());
        make(&path("x/y")).unwrap();
        make(&path("link/z")).unwrap();
        for made in ["x", "x/y", "later/z"] {
            let mode = fs::metadata(path(made)).unwrap().mode();
            assert_eq!(mode & 0o7777, 0o700, "{made}");
        }
        fs::write(path("file"), "x").unwrap();
        assert!(make(&path("file")).is_err());
        assert!(make(&path("file/x")).is_err());
    }

    #[test]
    fn a_link_of_another_user_is_not_followed() {
        if !geteuid().is_root() {
            eprintln!("skipped: only root can give links away");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("precious")).unwrap();
        symlink("precious", path("link")).unwrap();
        open(&path("link")).unwrap();
        lchown(path("link"), Some(65534), None).unwrap();
        for name in ["link", "link/x", "link/.."] {
            let error = make(&path(name)).unwrap_err();
            assert!(error.get_ref().unwrap().is::<ForeignLink>(), "{error}");
        }
        assert!(!path("precious/x").exists());
    }
}
