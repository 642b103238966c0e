//! Removing what is temporary, by descriptors: a name that leads elsewhere by now leads to nothing being removed there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Instant;

use rustix::fs::{FileType, OFlags, RawDir};
use rustix::process::geteuid;

use super::dir::{Dir, Found};
use super::temporary_name::{COMPLETE, MARK, is_temporary};

/// Folders in each other at most. What is made here is less deep.
const DEEPEST: usize = 500;

/// So often at most a folder is emptied that others still put something into.
const MOST_ROUNDS: usize = 10_000;

/// Bytes of a folder that are read at once.
const LISTING: usize = 32 * 1024;

/// Removes the folder `name` in `above`, which is `folder`, with all that is in it; no more of it after `until`.
/// What other threads still put there goes too. What stays has its mark, without which the next run would leave it.
pub(super) fn remove_tree(
    above: &Dir,
    name: &OsStr,
    folder: &Dir,
    until: Option<Instant>,
) -> io::Result<()> {
    let mark = Path::new(MARK);
    if is_complete(folder)? {
        // Not any more.
        folder.rename(COMPLETE.as_ref(), folder, mark.as_os_str(), true)?;
    }
    for _ in 0..MOST_ROUNDS {
        match empty_to(folder, until, DEEPEST) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => continue,
            emptied => emptied?,
        }
        let marked = folder.find(mark.as_os_str())?.is_some();
        if marked {
            folder.remove_file(mark.as_os_str())?;
        }
        match above.remove_folder(name) {
            // Where it is empty itself, another one has its name by now.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && !is_empty(folder)? => {
                if marked {
                    folder.create(mark)?;
                }
            }
            removed => return removed,
        }
    }
    Err(ErrorKind::DirectoryNotEmpty.into())
}

/// Removes all that is in `folder` but its mark.
fn empty_to(folder: &Dir, until: Option<Instant>, depth: usize) -> io::Result<()> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    each_entry(folder, |name, kind| {
        if until.is_some_and(|until| Instant::now() > until) {
            return Err(ErrorKind::TimedOut.into());
        }
        if name == MARK && depth == DEEPEST {
            return Ok(());
        }
        let is_folder = match kind {
            FileType::Unknown => folder.find(name)?.is_some_and(|it| it.is_dir()),
            kind => kind == FileType::Directory,
        };
        if !is_folder {
            return folder.remove_file(name);
        }
        empty_to(&folder.child(name)?, until, deeper)?;
        folder.remove_folder(name)
    })
}

/// Whether nothing is in `folder`.
pub(super) fn is_empty(folder: &Dir) -> io::Result<bool> {
    let mut found = false;
    each_entry(folder, |_, _| {
        found = true;
        Ok(())
    })?;
    Ok(!found)
}

/// Calls `visit` with the name and the kind of each entry.
fn each_entry(
    folder: &Dir,
    mut visit: impl FnMut(&OsStr, FileType) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(LISTING);
    let mut entries = RawDir::new(folder.open()?, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            visit(name, entry.file_type())?;
        }
    }
    Ok(())
}

/// Removes the temporaries in `folder` that no process holds any more. What was complete in them goes to its place.
pub(super) fn remove_strays(folder: &Dir) {
    let mut names: Vec<OsString> = Vec::new();
    let listed = each_entry(folder, |name, _| {
        if is_temporary(name.as_ref()) {
            names.push(name.to_owned());
        }
        Ok(())
    });
    // What cannot be listed or removed stays; nothing can be done about it.
    drop(listed);
    for name in names {
        let _ = remove_stray(folder, &name);
    }
}

fn remove_stray(folder: &Dir, name: &OsStr) -> io::Result<()> {
    match folder.find(name)? {
        Some(found) if found.is_dir() && is_ours(&found) => {
            let stray = folder.child(name)?;
            // The lock is held until the folder is gone, so that its maker sees what happened.
            let lock = locked(stray.open()?)?;
            // Others may have given it the name: only what was marked as temporary is emptied.
            let looked = stray.look()?;
            let is_marked = is_complete(&stray)? || stray.find(MARK.as_ref())?.is_some();
            if is_ours(&looked) && !looked.is_shared() && is_marked {
                if is_complete(&stray)? {
                    move_rest(&stray, folder, DEEPEST)?;
                }
                remove_tree(folder, name, &stray, None)?;
            } else {
                folder.remove_folder(name)?;
            }
            drop(lock);
        }
        Some(found) if found.is_file() && is_ours(&found) => {
            let lock = locked(folder.open_file(name, OFlags::RDONLY)?)?;
            folder.remove_file(name)?;
            drop(lock);
        }
        _ => {}
    }
    Ok(())
}

/// Moves what still waits in `stray` to its places below `folder`, where they are free: a run was killed in between,
/// after all its checks.
fn move_rest(stray: &Dir, folder: &Dir, depth: usize) -> io::Result<()> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    each_entry(stray, |name, _| {
        if name == COMPLETE && depth == DEEPEST {
            return Ok(());
        }
        if stray.find(name)?.is_some_and(|it| it.is_dir()) {
            folder.make(name.as_ref())?;
            return move_rest(&stray.child(name)?, &folder.child(name)?, deeper);
        }
        match stray.rename(name.as_ref(), folder, name, false) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            renamed => renamed,
        }
    })
}

/// Whether all that waits in a temporary folder may have its place.
fn is_complete(folder: &Dir) -> io::Result<bool> {
    Ok(folder.find(COMPLETE.as_ref())?.is_some())
}

/// Whether it is this user's.
pub(super) fn is_ours(found: &Found) -> bool {
    found.owner() == geteuid().as_raw()
}

fn locked(file: File) -> io::Result<File> {
    file.try_lock()?;
    Ok(file)
}
