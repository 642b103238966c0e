//! The zip format, as far as it must be known here.
//!
//! Random access goes through the `zip` crate, behind the bounds of [`end`]. The records are also
//! read by hand, for zips that arrive as a stream.

mod end;
mod extra;
mod index;
mod positioned;
mod records;

pub(super) use end::{Directory, End, End64, Locator};
pub(super) use extra::{widen, zip64_field};
pub(super) use index::{Entry, Index, IndexError, read_index};
pub(super) use records::{
    CENTRAL, Central, Content, END, END64, LOCAL, LOCATOR, Local, Method, begins_like_zip, flags,
    is_descriptor, is_symlink, readable,
};
