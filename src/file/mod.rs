//! Files: read whole when they are small, read and written at any place, and made beside their final name.

pub(crate) mod ownership;
mod read_at;
pub(crate) mod small;
pub(crate) mod temporary;
mod write_behind;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use read_at::{Part, ReadAt};
pub(crate) use write_behind::WriteBehind;
