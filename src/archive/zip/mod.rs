//! The zip format, by the `zip` crate, behind the bounds of [`end`].

mod end;
mod index;
mod positioned;
mod records;

pub(super) use index::{Entry, Index, IndexError, read_index};
pub(super) use records::{Content, Method, begins_like_zip, is_descriptor, is_symlink};
