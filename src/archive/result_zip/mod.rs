//! The plaintext zip that a decrypted body is.

mod contents;
mod error;
mod extraction;
mod name;
mod passing;
mod pick;
pub(super) mod places;
mod watched;
mod watching;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_adversarial;

pub use contents::{Contents, Member, MemberData, StoredData};
pub use error::ResultZipError;
pub use extraction::Extraction;
pub use name::EntryName;
pub use passing::Passed;
pub use watched::{FileWatcher, WatchedFile, Watcher};

/// The entries of a plaintext zip, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultSummary {
    /// The number of entries, folders included.
    pub entries: u64,
    /// The bytes of all entries together, uncompressed.
    pub size: u64,
    /// The entries that say they are symbolic links.
    pub symlinks: u64,
}
