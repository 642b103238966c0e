//! The container formats of encrypted results.
//!
//! An *archive* is a downloaded result: a zip with a wrapped key and an encrypted body, or a folder
//! that one was unzipped into. [`Archive`] finds both in any layout that was ever in use and hands
//! them out as bytes; it holds no keys and decrypts nothing.
//!
//! The body, once decrypted, is itself a zip; the room checks and reads that one as well.

mod body;
mod body_at;
mod crc_at;
mod error;
mod folder;
mod format;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod inflate;
pub(crate) mod inner;
mod key;
mod layout;
mod limits;
mod open;
mod read_at;
mod spool;
mod stored;
mod window;
mod zipped;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use body::{Body, Damaged};
pub(crate) use body_at::BodyAt;
pub(crate) use crc_at::CrcAt;
pub use error::ArchiveError;
pub use key::WrappedKey;
pub use layout::{Layout, Scheme};
pub use limits::Limits;
pub use open::Archive;
pub(crate) use open::FileId;
pub(crate) use read_at::{Part, ReadAt};
