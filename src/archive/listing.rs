//! The files below a folder, as far as an archive may lie in it.

use std::fs;
use std::path::{Path, PathBuf};

use super::ArchiveError;

/// Entries that are looked at. A folder with more of them is not what a zip was unzipped into.
const MOST: usize = 10_000;

/// The files below `folder`, relative to it and in order of their names. Links to folders are not
/// followed; folders that cannot be read are left out.
///
/// # Errors
/// [`ArchiveError::TooManyFiles`], because of a part of them nobody could say that it has the only pair.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let mut files = Vec::new();
    let mut left = MOST;
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let entries = match fs::read_dir(folder.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if relative.as_os_str().is_empty() => {
                return Err(ArchiveError::io(folder)(error));
            }
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            if left == 0 {
                return Err(ArchiveError::TooManyFiles {
                    folder: folder.to_owned(),
                    most: MOST,
                });
            }
            left -= 1;
            let path = relative.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && may_hold_it(&path) => folders.push(path),
                Ok(kind) if kind.is_dir() => {}
                Ok(_) if folder.join(&path).is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether this is a folder that a zip may have been unzipped into, or `iexec_out` in one.
fn may_hold_it(relative: &Path) -> bool {
    match relative.iter().count() {
        1 => true,
        2 => relative.ends_with("iexec_out"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn files_are_found_where_a_zip_may_have_been_unzipped() {
        let folder = tempfile::tempdir().unwrap();
        for folder_in_it in ["a/iexec_out/c", "a/b"] {
            fs::create_dir_all(folder.path().join(folder_in_it)).unwrap();
        }
        for name in ["x", "a/x", "a/b/x", "a/iexec_out/x", "a/iexec_out/c/x"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("a", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("a/x", folder.path().join("y")).unwrap();
        let found = files_below(folder.path()).unwrap();
        assert_eq!(found, ["a/iexec_out/x", "a/x", "x", "y"].map(PathBuf::from));
        assert!(files_below(&folder.path().join("nothing")).is_err());
    }

    #[test]
    fn a_part_of_a_large_folder_is_not_taken_for_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        for at in 0..MOST {
            fs::write(folder.path().join(at.to_string()), "").unwrap();
        }
        assert_eq!(files_below(folder.path()).unwrap().len(), MOST);
        fs::write(folder.path().join("one more"), "").unwrap();
        let error = files_below(folder.path()).unwrap_err();
        assert!(
            matches!(error, ArchiveError::TooManyFiles { most: MOST, .. }),
            "{error}"
        );
    }
}
