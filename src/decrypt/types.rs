//! What a caller gives and gets.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::archive::Limits;
use crate::archive::result_zip::Watcher;
use crate::envelope::KeyName;
use crate::file::dir::Dir;
use crate::file::temporary::Temporaries;

/// The place that a result goes to.
#[non_exhaustive]
pub enum Target<'a> {
    /// One zip file, mode 0600. `force` replaces what stands there.
    File {
        /// The final name.
        path: &'a Path,
        /// Whether an existing file is replaced.
        force: bool,
    },
    /// The files in it, below a folder that is made when it is not there.
    Folder {
        /// The folder.
        path: &'a Path,
        /// The names of the files that are taken; all where there are none.
        only: &'a [OsString],
        /// Whether the file that stands at a path is replaced.
        replace: &'a dyn Fn(&Path) -> bool,
    },
    /// The zip, to a stream that cannot be taken back: one pass checks, a second one streams.
    Stream(&'a mut dyn Write),
    /// One file in it, as a file of mode 0600. `force` replaces what stands there.
    Entry {
        /// The name in the result.
        name: &'a OsStr,
        /// The final name.
        path: &'a Path,
        /// Whether an existing file is replaced.
        force: bool,
    },
    /// The file of this name in it, to a stream that cannot be taken back: it is checked first.
    EntryStream(&'a OsStr, &'a mut dyn Write),
    /// Nowhere: all of it is read and checked.
    Nowhere,
}

impl Target<'_> {
    /// The times that [`Progress`] tells of each byte of the result: twice where it is streamed, or checked again.
    pub fn passes(&self, options: &Options) -> u64 {
        let is_checked_again = match self {
            Self::Stream(_) => true,
            Self::Folder { only, .. } => options.verify && !only.is_empty(),
            Self::File { .. } | Self::Entry { .. } | Self::EntryStream(..) => options.verify,
            Self::Nowhere => false,
        };
        1 + u64::from(is_checked_again)
    }
}

/// The way in which a result is opened. Change the fields of a default one.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Check the CRC of every file in the result even where it is not extracted.
    pub verify: bool,
    /// The bounds that an archive must keep.
    pub limits: Limits,
    /// Leave it to the system when the result is on the disk: a power cut may take it back, or
    /// leave it under its final name with nothing in it.
    pub no_sync: bool,
    /// The temporaries that a signal handler of the program discards.
    pub temporaries: Temporaries,
    /// The folder in which that of [`Target::Folder`] is made, in the place of the one that its path names.
    pub(crate) within: Option<Arc<Dir>>,
    /// Who sees the files while they are read, and has a word before the result is released. Of a single entry it sees that.
    pub watcher: Option<Arc<dyn Watcher>>,
}

/// A result that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The key that opened it.
    pub key: KeyName,
    /// Bytes that were written: of the zip, or of the files that were taken out of it.
    pub bytes: u64,
    /// Entries in it.
    pub entries: u64,
}

/// The listener that is told of the bytes of the result that were just worked on; of all of them
/// [`Target::passes`] times.
pub type Progress<'a> = &'a dyn Fn(u64);
