use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::file::dir::Dir;
use crate::file::named;
use crate::file::temporary::{Entry, Temporaries};

/// A folder for results. It goes away again, with those above it that were made for it, if nothing
/// is in it at the end.
#[derive(Debug)]
pub struct MadeFolder {
    /// Folders that were not there before, from the outside in.
    made: Vec<Entry>,
    /// The folders that these are entries of, as far as they may be read.
    above: Vec<Option<File>>,
    dir: Arc<Dir>,
}

impl MadeFolder {
    /// Makes `path` and what is missing above it, mode 0700.
    ///
    /// # Errors
    /// An error of making it; the folders that were made until then are removed. Links on the way are followed
    /// where they are this user's or root's.
    pub fn create(path: &Path, temporaries: &Temporaries) -> io::Result<Self> {
        let (there, missing) = named::reach(path)?;
        Self::of(Arc::new(there), missing, temporaries)
    }

    /// Makes the folder `name` in one that is held.
    pub(super) fn create_in(
        within: &Arc<Dir>,
        name: &OsStr,
        temporaries: &Temporaries,
    ) -> io::Result<Self> {
        Self::of(Arc::clone(within), vec![name.to_owned()], temporaries)
    }

    fn of(there: Arc<Dir>, missing: Vec<OsString>, temporaries: &Temporaries) -> io::Result<Self> {
        let mut folder = Self {
            made: Vec::new(),
            above: Vec::new(),
            dir: there,
        };
        for name in missing {
            let above = &folder.dir;
            let entry = temporaries.folder_for_results(above, name.clone());
            let is_new = above.make(name.as_ref())?;
            let dir = above.child(&name)?;
            if is_new {
                folder.made.push(entry);
                folder.above.push(above.open().ok());
            } else {
                // Somebody made it meanwhile.
                entry.keep();
            }
            folder.dir = Arc::new(dir);
        }
        Ok(folder)
    }

    /// The folder, whatever stands at its path by now.
    pub(crate) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }

    /// Makes the folders that were made survive a power cut. Those above it are reached by nobody who is confined to it,
    /// and were opened before.
    pub(crate) fn sync_made(&self) -> io::Result<()> {
        for above in self.above.iter().rev() {
            match above {
                Some(above) => above.sync_all()?,
                None => return self.dir.sync_file_system(),
            }
        }
        Ok(())
    }

    /// Leaves it there, even empty.
    pub(crate) fn keep(mut self) {
        self.made.drain(..).for_each(Entry::keep);
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        // Fails on a folder that something is in, as it should; so the inner ones go first.
        while self.made.pop().is_some() {}
    }
}
