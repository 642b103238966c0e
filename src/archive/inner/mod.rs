//! The plaintext zip that a decrypted body is.
//!
//! A complete one is checked in place by [`check_structure`] and [`check_crcs`]. One that arrives in
//! order and cannot be sought in is read by [`walk`].

mod check;
mod counted;
mod data;
mod directory;
mod error;
mod name;
mod walk;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_lies;

pub use check::{check_crcs, check_structure};
pub use error::InnerError;
pub use name::EntryName;
pub use walk::{Visitor, walk};

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
