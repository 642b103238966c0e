use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::file::temporary::Temporaries;

/// A folder for results. It goes away again, with those above it that were made for it, if nothing
/// is in it at the end.
#[derive(Debug)]
pub struct MadeFolder {
    /// Folders that were not there before, from the inside out.
    made: Vec<PathBuf>,
    temporaries: Temporaries,
}

impl MadeFolder {
    /// Makes `path` and what is missing above it, mode 0700.
    ///
    /// # Errors
    /// An error of making it; the folders that were made until then are removed.
    pub fn create(path: &Path, temporaries: &Temporaries) -> io::Result<Self> {
        let missing = |it: &&Path| !it.as_os_str().is_empty() && !it.exists();
        let folder = Self {
            made: path
                .ancestors()
                .take_while(missing)
                .map(Path::to_owned)
                .collect(),
            temporaries: temporaries.clone(),
        };
        let made = folder.made.iter().rev();
        made.for_each(|it| temporaries.note(it));
        make_folders(path)?;
        Ok(folder)
    }

    /// Leaves it there, even empty.
    pub(super) fn keep(mut self) {
        for path in self.made.drain(..) {
            self.temporaries.forget(&path);
        }
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        for path in &self.made {
            // Fails on a folder that something is in, as it should.
            let _ = fs::remove_dir(path);
            self.temporaries.forget(path);
        }
    }
}

pub(super) fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
