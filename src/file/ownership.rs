//! Who else can change a file, or put another one in its place. As ssh looks at its own files: these and the
//! folders above belong to this user or to root, and nobody else writes to them.

mod private_group;

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use thiserror::Error;

use super::dir::Dir;
use crate::text::escape::Shown as _;
use private_group::is_private;

/// The bit of a folder in which everybody removes only what is theirs, as in `/tmp`.
const STICKY: u32 = 0o1000;

/// A file or folder that others have in their hands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Exposed {
    #[error("{} belongs to another user (number {owner})", .path.shown())]
    Owner { path: PathBuf, owner: u32 },
    #[error("other users can write to {} (mode {mode:04o})", .path.shown())]
    Writable { path: PathBuf, mode: u32 },
}

/// Whether the user of this number is this one, or root.
pub(crate) fn is_trusted(user: u32) -> bool {
    user == 0 || user == geteuid().as_raw()
}

/// Refuses an open file that another user could have written.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`], with the reason.
pub(crate) fn check_own(file: &File) -> io::Result<()> {
    let found = file.metadata()?;
    let refused = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if !found.is_file() {
        refused("it is not a regular file")
    } else if found.uid() != geteuid().as_raw() {
        refused("it belongs to another user")
    } else if found.mode() & 0o022 != 0 {
        refused("other users can write to it")
    } else {
        Ok(())
    }
}

/// Refuses an open file that is to be added to and has another name: it may be meant for something else.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`], with the reason.
pub(crate) fn check_only_name(file: &File) -> io::Result<()> {
    if file.metadata()?.nlink() == 1 {
        return Ok(());
    }
    let why = "it has another name, too";
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// Looks at the file at `path`, where it lies and where links lead, and at each folder above up to
/// `home`, or to the root where it is not in there.
pub(crate) fn of_file(path: &Path, home: Option<&Path>) -> io::Result<Result<(), Exposed>> {
    let path = std::path::absolute(path)?;
    let home = home.map(std::path::absolute).transpose()?;
    let real = path.canonicalize()?;
    let real_home = home.as_ref().and_then(|home| home.canonicalize().ok());
    Ok(match of_all(&path, home.as_deref())? {
        Ok(()) if real != path => of_all(&real, real_home.as_deref())?,
        found => found,
    })
}

/// Looks at a folder that is held; `path` stands for it in what is said.
pub(crate) fn of_held(path: &Path, folder: &Dir) -> io::Result<Result<(), Exposed>> {
    Ok(look(path, &folder.open()?.metadata()?))
}

/// Looks at one folder.
pub(crate) fn of_folder(path: &Path) -> io::Result<Result<(), Exposed>> {
    Ok(look(path, &fs::metadata(path)?))
}

fn of_all(path: &Path, home: Option<&Path>) -> io::Result<Result<(), Exposed>> {
    for place in path.ancestors() {
        if let Err(exposed) = look(place, &fs::symlink_metadata(place)?) {
            return Ok(Err(exposed));
        }
        if home == Some(place) {
            break;
        }
    }
    Ok(Ok(()))
}

fn look(path: &Path, found: &Metadata) -> Result<(), Exposed> {
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    let path = || path.to_owned();
    if !is_trusted(owner) {
        return Err(Exposed::Owner {
            path: path(),
            owner,
        });
    }
    let is_shared = mode & 0o002 != 0 || (mode & 0o020 != 0 && !is_private(found.gid(), owner));
    // What is in a sticky folder is looked at for itself; the mode of a link says nothing.
    let is_sticky = found.is_dir() && mode & STICKY != 0;
    if is_shared && !is_sticky && !found.is_symlink() {
        return Err(Exposed::Writable { path: path(), mode });
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_as_safe_as_each_folder_above_it_up_to_home() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let deep = home.join("a/b");
        fs::create_dir_all(&deep).unwrap();
        let file = deep.join("file");
        fs::write(&file, "").unwrap();
        for path in [&home, &home.join("a"), &deep] {
            set(path, 0o755);
        }
        set(&file, 0o644);
        let found = || of_file(&file, Some(&home)).unwrap();
        assert_eq!(found(), Ok(()));
        for path in [file.clone(), deep.clone(), home.join("a"), home.clone()] {
            let mode = fs::metadata(&path).unwrap().mode() & 0o777;
            set(&path, mode | 0o002);
            let wanted = Exposed::Writable {
                path: path.clone(),
                mode: mode | 0o002,
            };
            assert_eq!(found(), Err(wanted));
            set(&path, mode);
        }
        // Of a folder in which everybody removes only their own, the owner of what is in it counts.
        set(&deep, 0o1777);
        assert_eq!(found(), Ok(()));
        // What is above home is not looked at.
        set(folder.path(), 0o777);
        assert_eq!(found(), Ok(()));
        assert!(of_file(&file, None).unwrap().is_err());
    }

    #[test]
    fn a_link_is_as_safe_as_where_it_leads_and_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let [there, here] = ["there", "here"].map(|name| folder.path().join(name));
        for path in [&there, &here] {
            fs::create_dir(path).unwrap();
            set(path, 0o755);
        }
        fs::write(there.join("file"), "").unwrap();
        let link = here.join("link");
        symlink(there.join("file"), &link).unwrap();
        assert_eq!(of_file(&link, None).unwrap(), Ok(()));
        for path in [&there, &here] {
            set(path, 0o777);
            let found = of_file(&link, None).unwrap().unwrap_err();
            assert!(matches!(found, Exposed::Writable { path: it, .. } if it == *path));
            set(path, 0o755);
        }
    }

    #[test]
    fn another_users_is_told_from_ones_own() {
        if !geteuid().is_root() {
            eprintln!("skipped: only root can give files away");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        chown(&file, Some(65534), None).unwrap();
        let found = of_file(&file, None).unwrap();
        let owner = Exposed::Owner {
            path: file,
            owner: 65534,
        };
        assert_eq!(found, Err(owner));
    }
}
