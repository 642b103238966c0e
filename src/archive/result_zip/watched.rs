//! Somebody who sees the files of a result while they are read, so that nobody has to read them twice.

use std::fmt;

use super::EntryName;

/// Sees the files of a result while they are read for another purpose, and has a word before it is released.
pub trait Watcher: fmt::Debug + Send + Sync {
    /// The name of a small file that it has to read before it knows which others it wants.
    fn first(&self) -> EntryName<'static>;

    /// Takes note of what is in the result, before any of its files is read. `first` is the beginning of that file, if
    /// it is there.
    fn begin(&self, first: Option<&[u8]>, files: &[WatchedFile<'_>]);

    /// Whether [`Self::file`] has yet to see the file of this name. Such a file is read from its beginning to its end.
    fn wants(&self, name: EntryName<'_>) -> bool;

    /// Somebody who sees the bytes of this file.
    fn file(&self, name: EntryName<'_>) -> Box<dyn FileWatcher>;

    /// Whether the result may be released, after all was read.
    fn releases(&self) -> bool;
}

/// Sees one file.
pub trait FileWatcher: fmt::Debug + Send {
    /// Takes the next bytes.
    fn see(&mut self, bytes: &[u8]);

    /// Takes note of the end, and that all of it is as the zip says.
    fn end(self: Box<Self>);
}

/// What a zip says of a file in it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WatchedFile<'a> {
    /// The name.
    pub name: EntryName<'a>,
    /// Whether it is a symbolic link.
    pub is_symlink: bool,
}
