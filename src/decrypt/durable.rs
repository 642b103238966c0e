//! Bringing the files of a folder to the disk: a few one by one. For more there is one call, which brings along whatever
//! else waits for the same disk, of other programs too.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::made_folder::MadeFolder;
use crate::file::dir::Dir;

/// Files and folders that are brought there one by one at most.
const FEW: usize = 4;

/// Brings the content of files below `dir` to the disk.
pub(super) fn sync_files(dir: &Dir, files: &[PathBuf]) -> io::Result<()> {
    if files.len() > FEW {
        return dir.sync_file_system();
    }
    files.iter().try_for_each(|file| dir.sync_file(file))
}

/// Makes the names of files and folders below `folder`, and of itself if it was made, survive a power cut.
pub(super) fn sync_names(
    folder: &MadeFolder,
    files: &[PathBuf],
    folders: &[PathBuf],
) -> io::Result<()> {
    let dir = folder.dir();
    if files.len() + folders.len() > FEW {
        return dir.sync_file_system();
    }
    let all = files.iter().chain(folders);
    let above: BTreeSet<&Path> = all.flat_map(|it| it.ancestors().skip(1)).collect();
    // What is in a folder before its own name.
    for relative in above.into_iter().rev() {
        dir.below(relative)?.sync()?;
    }
    folder.sync_made()
}
