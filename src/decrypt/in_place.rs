use super::error::{DecryptError, RunError};
use super::tasks::{self, Share, Task};
use super::types::Progress;
use crate::archive::result_zip::{Contents, Member};

/// A result that is read where it is, in its archive.
pub(super) struct ResultInPlace<'a> {
    pub(super) contents: Contents,
    /// Bytes of its zip.
    pub(super) len: u64,
    pub(super) progress: Progress<'a>,
}

impl<'a> ResultInPlace<'a> {
    /// Progress through files of `size` bytes, which are all that is taken.
    pub(super) fn progress(&self, size: u64) -> Share<'a> {
        Share::of(self.len, size, self.progress)
    }

    /// Does `tasks`, which read `size` bytes.
    pub(super) fn run(&self, tasks: &[Task<'_>], size: u64) -> Result<(), RunError> {
        let progress = self.progress(size);
        tasks::run(tasks, &|bytes| progress.tell(bytes))
    }

    /// The file of this name.
    pub(super) fn only(&self, name: &[u8]) -> Result<Member<'_>, RunError> {
        let picked = self.contents.pick(&[name])?;
        // A name that is there is there once.
        picked.into_iter().next().ok_or(DecryptError::CannotDecrypt)
    }
}

/// Reads all files of a result to their ends, where their CRCs are checked.
pub(super) fn check_all(contents: &Contents, told: &dyn Fn(u64)) -> Result<(), RunError> {
    contents.check_readable()?;
    let files: Vec<_> = contents.entries().map(Task::Check).collect();
    tasks::run(&files, told)
}
