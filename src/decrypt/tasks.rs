//! What has to be done before a result may be released.

use std::cell::Cell;
use std::cmp::Reverse;
use std::io::{self, Read};
use std::path::PathBuf;

use super::{Progress, RunError, extract, workers};
use crate::archive::Archive;
use crate::archive::inner::Member;
use crate::envelope::CHUNK;

/// One thing that can be done beside the others.
pub(super) enum Task<'a> {
    /// Read the archive's body to its end, where its CRC is checked.
    Archive(&'a Archive),
    /// Read a file in the result to its end, where its CRC is checked.
    Check(Member<'a>),
    /// Do so and write it to this path; to the disk at once if so wanted.
    Write(Member<'a>, PathBuf, bool),
}

impl Task<'_> {
    fn size(&self) -> u64 {
        match self {
            Task::Archive(archive) => archive.body_len(),
            Task::Check(member) | Task::Write(member, ..) => member.size(),
        }
    }
}

/// Does all `tasks`, the largest first. `told` hears of the bytes of the files.
pub(super) fn run(mut tasks: Vec<Task<'_>>, told: &dyn Fn(u64)) -> Result<(), RunError> {
    tasks.sort_by_key(|task| Reverse(task.size()));
    let work = |task: &Task<'_>, tell: workers::Tell<'_>| match task {
        Task::Archive(archive) => read_to_end(archive.body()),
        Task::Check(member) => extract::check(member, tell),
        Task::Write(member, path, durable) => extract::write(member, path, *durable, tell),
    };
    workers::each(&tasks, work, told)
}

fn read_to_end(mut body: impl Read) -> Result<(), RunError> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Progress through the files of a result, told as progress through its zip.
pub(super) struct Share<'a> {
    zip: u64,
    files: u64,
    done: Cell<u64>,
    told: Cell<u64>,
    progress: Progress<'a>,
}

impl<'a> Share<'a> {
    /// Of a zip of `zip` bytes with files of `files` bytes in it.
    pub(super) fn of(zip: u64, files: u64, progress: Progress<'a>) -> Self {
        Self {
            zip,
            files: files.max(1),
            done: Cell::new(0),
            told: Cell::new(0),
            progress,
        }
    }

    pub(super) fn tell(&self, bytes: u64) {
        self.done.set(self.done.get() + bytes);
        let share = u128::from(self.done.get()) * u128::from(self.zip) / u128::from(self.files);
        // No file is larger than the zip says: a share is never more than the whole.
        let now = u64::try_from(share).unwrap_or(self.zip);
        (self.progress)(now.saturating_sub(self.told.replace(now)));
    }
}
