//! The container formats of encrypted results.
//!
//! An *archive* is a downloaded result: a zip with a wrapped key and an encrypted body, or a folder
//! that one was unzipped into. [`Archive`] finds both in any layout that was ever in use and hands
//! them out as bytes; it holds no keys and decrypts nothing.
//!
//! The body, once decrypted, is itself a zip; the module checks and reads that one as well.

#[allow(clippy::module_inception)]
mod archive;
mod blocks;
mod body;
mod crc_at;
mod error;
mod file_id;
mod folder;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod inflate;
mod last_blocks;
mod layout;
mod limits;
mod listed;
mod listing;
mod open;
mod repacked;
pub(crate) mod result_zip;
mod seekable;
mod spool;
mod stored_blocks;
mod window;
mod wrapped_key;
mod zip;
mod zipped;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use body::{Body, Damaged};
pub(crate) use crc_at::CrcAt;
pub use error::ArchiveError;
pub(crate) use file_id::FileId;
pub(crate) use last_blocks::SeemingBlocks;
pub use layout::{Layout, Scheme};
pub use limits::Limits;
pub(crate) use seekable::{Keep, SeekableBody};
pub use wrapped_key::WrappedKey;
pub(crate) use zip::begins_like_zip;
