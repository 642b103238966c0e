//! Files: read whole when they are small, read and written at any place, and made beside their final name.

pub(crate) mod dir;
pub(crate) mod named;
pub(crate) mod ownership;
mod read_at;
pub(crate) mod regular;
mod removal;
pub(crate) mod small;
mod spooled;
mod stream;
pub(crate) mod temporary;
mod temporary_name;
mod write_behind;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use read_at::{Part, ReadAt};
pub(crate) use spooled::Spooled;
pub(crate) use stream::OutputStream;
pub(crate) use temporary_name::is_temporary;
pub(crate) use write_behind::WriteBehind;
