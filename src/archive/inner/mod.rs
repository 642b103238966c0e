//! The plaintext zip that a decrypted body is.

mod contents;
mod error;
mod name;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_lies;

pub use contents::{Contents, Member, StoredData};
pub use error::InnerError;
pub use name::EntryName;

/// What was found in a plaintext zip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InnerSummary {
    /// The number of entries, folders included.
    pub entries: u64,
    /// The bytes of all entries together, uncompressed.
    pub size: u64,
    /// The entries that say they are symbolic links.
    pub symlinks: u64,
}
