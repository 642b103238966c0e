use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::{MadeFolder, Temporaries};
use crate::text::escape::Shown as _;

/// The folder that all results of a run go to or below. It is made when the first of them comes, and
/// goes again at the end of the run if it is empty. Were it each archive's own, one that fails could
/// remove it while another is about to write into it.
pub(super) struct SharedFolder<'a> {
    path: Option<&'a Path>,
    temporaries: &'a Temporaries,
    durable: bool,
    made: Mutex<Option<MadeFolder>>,
}

impl<'a> SharedFolder<'a> {
    /// A folder that is not made yet; without `path` there is none.
    pub(super) fn new(path: Option<&'a Path>, temporaries: &'a Temporaries, durable: bool) -> Self {
        Self {
            path,
            temporaries,
            durable,
            made: Mutex::new(None),
        }
    }

    /// Makes it, the first time.
    pub(super) fn make(&self) -> Result<(), Failure> {
        let Some(path) = self.path else {
            return Ok(());
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_none() {
            *made = Some(self.made(path).map_err(|error| {
                let message = format!("{} cannot be made: {error}", path.shown());
                Failure::new(Code::IoFailed, message)
            })?);
        }
        Ok(())
    }

    fn made(&self, path: &Path) -> io::Result<MadeFolder> {
        let folder = MadeFolder::create(path, self.temporaries)?;
        if self.durable {
            // Each result does so for its own folder alone.
            folder.sync_made()?;
        }
        Ok(folder)
    }
}
