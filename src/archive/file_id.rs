//! The identity of a file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

/// The numbers that make a file the same file under any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}
