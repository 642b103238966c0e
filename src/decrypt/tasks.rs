//! Tasks that are done before a result may be released.

use std::cell::Cell;
use std::cmp::Reverse;
use std::ops::Range;
use std::path::PathBuf;

use super::error::RunError;
use super::folder::{self, LARGE, Waiting};
use super::pool;
use super::types::Progress;
use crate::archive::result_zip::{Member, StoredData};
use crate::envelope::CHUNK;

/// Bytes of a file that one thread checks before it goes on behind what the others have.
const PIECE: u64 = 4 * 1024 * 1024;

/// A piece of work that can be done beside others.
pub(super) enum Task<'a> {
    /// Read a file in the result to its end, where its CRC is checked.
    Check(Member<'a>),
    /// Do so and write it to this path below the place where it waits.
    Write(Member<'a>, PathBuf, &'a Waiting<'a>),
}

impl Task<'_> {
    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        match self {
            Task::Check(member) | Task::Write(member, ..) => member.size(),
        }
    }

    /// The data of a file that is only to be checked, and that several threads can read.
    fn divisible(&self) -> Option<StoredData> {
        match self {
            Task::Check(member) if member.size() > LARGE => member.stored(),
            _ => None,
        }
    }
}

/// Parts, and bytes of all of them, that are done before another thread is there.
const FEW: usize = 8;
const SMALL: u64 = 512 * 1024;

/// The part of a task that one thread does.
enum Part<'t, 'a> {
    All(&'t Task<'a>),
    Piece(&'t StoredData, Range<u64>),
}

impl Part<'_, '_> {
    fn size(&self) -> u64 {
        match self {
            Part::All(task) => task.size(),
            Part::Piece(_, range) => range.end - range.start,
        }
    }

    fn run(&self, tell: pool::Tell<'_>) -> Result<(), RunError> {
        match self {
            Part::All(Task::Check(member)) => folder::check(member, tell),
            Part::All(Task::Write(member, path, waiting)) => {
                folder::write(member, path, waiting, tell)
            }
            Part::Piece(data, range) => Ok(data.read(range.clone(), &mut vec![0; CHUNK], tell)?),
        }
    }
}

/// Does all `tasks`, the largest first. `told` hears of the bytes of the files.
pub(super) fn run(tasks: &[Task<'_>], told: &dyn Fn(u64)) -> Result<(), RunError> {
    let divided: Vec<Option<StoredData>> = tasks.iter().map(Task::divisible).collect();
    let mut parts = Vec::with_capacity(tasks.len());
    for (task, divided) in tasks.iter().zip(&divided) {
        match divided {
            Some(data) => {
                parts.extend(pieces(task.size()).map(|range| Part::Piece(data, range)));
            }
            None => parts.push(Part::All(task)),
        }
    }
    parts.sort_by_key(|part| Reverse(part.size()));
    let size: u64 = parts.iter().map(Part::size).sum();
    if parts.len() <= FEW && size <= SMALL {
        parts.iter().try_for_each(|part| part.run(told))?;
    } else {
        pool::each(&parts, |part, tell| part.run(tell), told)?;
    }
    for data in divided.into_iter().flatten() {
        data.finish()?;
    }
    Ok(())
}

/// The pieces of `len` bytes: small ones, so that all threads together read a disk in order.
fn pieces(len: u64) -> impl Iterator<Item = Range<u64>> {
    let starts = (0..len).step_by(PIECE as usize);
    starts.map(move |start| start..len.min(start.saturating_add(PIECE)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_to_the_end() {
        for len in [0, 1, LARGE, LARGE + 1, 3 * LARGE, 64 * LARGE + 1, 1 << 36] {
            let mut at = 0;
            for piece in pieces(len) {
                assert_eq!(piece.start, at, "{len}");
                assert!(piece.end > at, "{len}");
                at = piece.end;
            }
            assert_eq!(at, len);
        }
        assert_eq!(pieces(3 * PIECE).count(), 3);
    }
}
