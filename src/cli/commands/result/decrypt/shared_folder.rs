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
    made: Mutex<Option<MadeFolder>>,
}

impl<'a> SharedFolder<'a> {
    /// A folder that is not made yet; without `path` there is none.
    pub(super) fn new(path: Option<&'a Path>, temporaries: &'a Temporaries) -> Self {
        Self {
            path,
            temporaries,
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
            let folder = MadeFolder::create(path, self.temporaries);
            *made = Some(folder.map_err(|error| {
                let message = format!("{} cannot be made: {error}", path.shown());
                Failure::new(Code::IoFailed, message)
            })?);
        }
        Ok(())
    }
}
